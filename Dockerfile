# gossamer's command line. A crawl lives in /crawls, so mount something there to keep it:
#
#     docker build --tag gossamer .
#     docker run --rm --init --interactive --tty --volume "$PWD/crawls:/crawls" gossamer crawl https://example.org/
#
# The folder that is mounted must be writable by user 1000, or by the one that --user names. With
# --build-arg LOCK=requirements-cluster.lock it is the image of workers on several machines.

FROM python:3.13-bookworm AS build
ARG LOCK=requirements.lock
WORKDIR /source
COPY pyproject.toml hatch_build.py README.md LICENSE requirements.lock requirements-cluster.lock ./
RUN python -m venv /opt/gossamer \
 && /opt/gossamer/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --no-deps -r "$LOCK"
COPY src src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
 && /opt/gossamer/bin/pip install --no-cache-dir --no-deps /wheels/*.whl \
 && /opt/gossamer/bin/pip check

FROM python:3.13-slim-bookworm
COPY --from=build /opt/gossamer /opt/gossamer
RUN useradd --create-home --uid 1000 crawler \
 && install --directory --owner=crawler --group=crawler /crawls
ENV PATH=/opt/gossamer/bin:$PATH
USER 1000:1000
WORKDIR /crawls
VOLUME /crawls
ENTRYPOINT ["gossamer"]
CMD ["--help"]
