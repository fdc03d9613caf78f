"""OpenID Connect's userinfo."""
