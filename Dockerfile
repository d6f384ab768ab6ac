# One target for each program: docker build --target reader --tag podips/reader:2.0.0 .
# Registries are build arguments: --build-arg NODE_IMAGE for a mirror of the base image, and
# --secret id=npmrc,src=$HOME/.npmrc for a mirror of npm. Neither remains in an image.
ARG NODE_IMAGE=node:24-bookworm-slim

# Nothing here depends on the processor, so one build on the builder's own serves images for all of them.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm install --global pnpm@12.21.0
WORKDIR /build
# Packages first: they change less often than the code. Only those of the programs and of what builds them, checked against
# the lock file, and none of their install scripts runs; all that comes after is offline.
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
COPY patches ./patches
COPY deploy/images ./deploy/images
COPY packages/annotate/package.json packages/annotate/package.json
COPY packages/cli/package.json packages/cli/package.json
COPY packages/shared/package.json packages/shared/package.json
COPY packages/simulation/package.json packages/simulation/package.json
COPY services/reader/package.json services/reader/package.json
COPY services/writer/package.json services/writer/package.json
COPY services/monitor/package.json services/monitor/package.json
COPY services/cronjob/package.json services/cronjob/package.json
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc pnpm install --filter "@podips/*" --frozen-lockfile --ignore-scripts
COPY . .
RUN pnpm --filter @podips/images exec tsc --build ../../packages/simulation ../../packages/cli ../../services/reader ../../services/writer ../../services/monitor ../../services/cronjob
# In one step, because a later one that changes modes would store every file again. Optional dependencies are the PostgreSQL of
# local runs and native accelerators that nothing here relies on. Traces of the package manager may name a registry. Everything
# becomes readable for every user, whatever the modes of the sources. The monitor serves the documents. The empty folder is for
# its volume.
RUN for name in reader writer monitor cronjob simulation cli; do \
    pnpm --filter @podips/$name deploy --prod --no-optional --offline --trust-lockfile --ignore-scripts /out/$name || exit 1; \
  done \
  && probe=node_modules/@podips/shared/dist/probe/main.js \
  && for name in reader writer monitor cronjob; do node deploy/images/trim.mjs /out/$name dist/main.js $probe || exit 1; done \
  && node deploy/images/trim.mjs /out/cli dist/main.js \
  && node deploy/images/trim.mjs /out/simulation \
    dist/mock-producer/main.js dist/mock-consumer/main.js dist/mock-cluster/main.js $probe \
  && mkdir /out/monitor/docs && cp docs/*.md /out/monitor/docs/ \
  && rm -f /out/*/pnpm-*.yaml /out/*/node_modules/.modules.yaml /out/*/node_modules/.pnpm-workspace-state-v1.json \
  && chmod -R a+rX,go-w /out \
  && mkdir -p /out/data

# The common base of all images. Node is process 1: podips handles SIGTERM itself and starts no other processes, so there is
# nothing for an init to forward or to reap. The user is numeric because Kubernetes' runAsNonRoot asks for it.
# It has no entry in /etc/passwd, and so no home but this. Programs write to STATUS_DIR (/tmp) alone, and the monitor to
# its volume: the rest may be mounted read-only.
FROM ${NODE_IMAGE} AS base
# One arena for malloc: with one for each thread, a fifth of the memory of a large reader is free and yet in use.
ENV NODE_ENV=production \
    HOME=/app \
    MALLOC_ARENA_MAX=1 \
    NODE_OPTIONS="--enable-source-maps --max-old-space-size=192 --max-semi-space-size=8"
LABEL org.opencontainers.image.vendor="podips" \
      org.opencontainers.image.version="2.0.0" \
      org.opencontainers.image.licenses="LGPL-2.1-or-later"
WORKDIR /app
COPY LICENSE ./
USER 10001:10001
ENTRYPOINT ["node", "/app/dist/main.js"]

FROM base AS reader
LABEL org.opencontainers.image.title="podips reader" \
      org.opencontainers.image.description="Watches pods and publishes each change of an IP address to the queue"
COPY --from=build --chown=0:0 /out/reader ./
# Half of what others have for what is new: little of what a list makes lives on, and a large cluster needs the memory.
ENV NODE_OPTIONS="--enable-source-maps --max-old-space-size=192 --max-semi-space-size=4"
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/app/node_modules/@podips/shared/dist/probe/main.js", "kubernetes_status", "queue_status"]

FROM base AS writer
LABEL org.opencontainers.image.title="podips writer" \
      org.opencontainers.image.description="Delivers messages from the queue to Fluentd"
COPY --from=build --chown=0:0 /out/writer ./
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/app/node_modules/@podips/shared/dist/probe/main.js", "queue_status", "log_status"]

FROM base AS monitor
LABEL org.opencontainers.image.title="podips monitor" \
      org.opencontainers.image.description="Shows the state of reader and writer as four lights"
COPY --from=build --chown=0:0 /out/monitor ./
# A new named volume gets owner and mode of the folder that it covers.
COPY --from=build --chown=10001:10001 /out/data /var/lib/podips
VOLUME /var/lib/podips
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "/app/node_modules/@podips/shared/dist/probe/main.js", "/healthz"]

# Queries the monitor once with --once, otherwise on a schedule. It has no health check: it is healthy as long as it runs.
FROM base AS cronjob
LABEL org.opencontainers.image.title="podips cronjob" \
      org.opencontainers.image.description="Queries the monitor for the state of reader and writer every five minutes"
COPY --from=build --chown=0:0 /out/cronjob ./
# A request every five minutes needs no compiler, which would take 8 MB, and little room.
ENV NODE_OPTIONS="--enable-source-maps --jitless --max-old-space-size=64 --max-semi-space-size=1"

# The command line: docker run --rm -i -e PODIPS_URL podips/cli:2.0.0 annotate < firewall.csv
FROM base AS cli
LABEL org.opencontainers.image.title="podips cli" \
      org.opencontainers.image.description="Says in a terminal whose an IP address was, also for whole log files"
COPY --from=build --chown=0:0 /out/cli ./

FROM base AS mock-producer
LABEL org.opencontainers.image.title="podips mock-producer" \
      org.opencontainers.image.description="Publishes a mock message to the queue every second"
COPY --from=build --chown=0:0 /out/simulation ./
ENTRYPOINT ["node", "/app/dist/mock-producer/main.js"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/app/node_modules/@podips/shared/dist/probe/main.js", "queue_status"]

FROM base AS mock-consumer
LABEL org.opencontainers.image.title="podips mock-consumer" \
      org.opencontainers.image.description="Prints the messages that it consumes from the queue"
COPY --from=build --chown=0:0 /out/simulation ./
ENTRYPOINT ["node", "/app/dist/mock-consumer/main.js"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/app/node_modules/@podips/shared/dist/probe/main.js", "queue_status"]

FROM base AS mock-cluster
LABEL org.opencontainers.image.title="podips mock-cluster" \
      org.opencontainers.image.description="Serves the API of a simulated cluster whose pods come and go"
COPY --from=build --chown=0:0 /out/simulation ./
ENTRYPOINT ["node", "/app/dist/mock-cluster/main.js"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "/app/node_modules/@podips/shared/dist/probe/main.js", "/readyz"]
