"""The flows: enable_services, provision_infra, deploy_kfp and their parent create_environment."""
