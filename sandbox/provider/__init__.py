"""A stand-in for Terraform's `hashicorp/google` provider: the same schemas, the same REST calls, started in a blink.

It exists so that a machine which reaches no registry can still rehearse the Terraform modules with the real
`terraform` program. It speaks plugin protocol 6 and knows the sandbox only as the real provider would: through the
addresses in GOOGLE_*_CUSTOM_ENDPOINT and the token in GOOGLE_OAUTH_ACCESS_TOKEN.
"""
