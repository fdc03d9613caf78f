"""The Google APIs that a project of the local cloud can turn on. Their functions are played only where a service is."""

from __future__ import annotations

from sandbox.kernel.projects import FROM_BIRTH

_NAMES = """
aiplatform apigateway appengine artifactregistry autoscaling batch bigtable binaryauthorization certificatemanager
cloudasset cloudbilling cloudbuild clouddeploy cloudfunctions cloudkms cloudresourcemanager cloudscheduler cloudtasks
composer compute connectgateway container containeranalysis containerfilesystem containerregistry containersecurity
dataflow dataform datafusion datamigration dataplex dataproc deploymentmanager dns eventarc file firestore gkebackup
gkehub iam iamcredentials iap language memcache ml networkconnectivity networkmanagement networksecurity
networkservices notebooks ondemandscanning orgpolicy osconfig oslogin privateca pubsub recommender redis run
secretmanager securitycenter servicecontrol servicedirectory servicenetworking spanner speech sqladmin sts tpu
trafficdirector translate vision vpcaccess websecurityscanner workflows workstations
"""
KNOWN = frozenset(f"{name}.googleapis.com" for name in _NAMES.split()) | frozenset(FROM_BIRTH)
