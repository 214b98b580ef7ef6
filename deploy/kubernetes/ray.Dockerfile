# Workers that Ray places: the image of workers with Ray in it, and with what KubeRay's probes need.
#
#     docker build --build-arg LOCK=requirements-cluster.lock --tag registry.example/gossamer-cluster:0.1.0 .
#     docker build --tag registry.example/gossamer-ray:0.1.0 --file deploy/kubernetes/ray.Dockerfile .
FROM registry.example/gossamer-cluster:0.1.0
USER 0:0
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --no-install-recommends --yes wget \
 && rm -rf /var/lib/apt/lists/* \
 && /opt/gossamer/bin/pip install --no-cache-dir --only-binary :all: "ray[default]==2.60.0"
USER 1000:1000
