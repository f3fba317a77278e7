# Two images: `tidemark` (the default) runs every command but `vps`, which encodes and has an image with
# ffmpeg, `--target vps`. They differ in their base alone, so that a change of the code installs nothing.
FROM node:24-bookworm-slim AS base
LABEL org.opencontainers.image.title="Tidemark" \
      org.opencontainers.image.description="SLA monitoring as a stream" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/node:24-bookworm-slim"
# A fresh volume takes the owner of the folder that it covers.
RUN install -d -o node -g node /data /videos && ln -s /app/dist/cli/main.js /usr/local/bin/tidemark
ENV TIDEMARK_HOST=0.0.0.0 TIDEMARK_DATA=/data TIDEMARK_VIDEOS=/videos
# Of young objects V8 keeps twice as much by itself: it is no faster, and a pipeline is resident with 90 MB more.
ENV NODE_OPTIONS=--max-semi-space-size=16
EXPOSE 8080 9464
# Here lies the `sla.yaml` that is read where no other is named.
WORKDIR /etc/tidemark
USER node
# No shell before it: signals reach the process, which then drains.
ENTRYPOINT ["tidemark"]
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s CMD ["node", "/app/scripts/healthy.mjs"]

FROM base AS base-with-ffmpeg
USER root
RUN apt-get update && \
    apt-get install -y --no-install-recommends ffmpeg && \
    rm -rf /var/lib/apt/lists/*
USER node

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package of ours needs its install script: what is native comes built.
RUN npm ci --ignore-scripts
COPY . .
# Readable to all, whatever the umask of the checkout.
RUN npm run build && chmod -R a+rX .

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The packaged encoder of 2018 is optional, as are the native parts of packages that are not: so it goes by name.
RUN npm ci --ignore-scripts --omit=dev && rm -rf node_modules/@ffmpeg-installer node_modules/@ffprobe-installer

# What both images run.
FROM node:24-bookworm-slim AS app
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/package.json /app/sla.yaml /app/demo.yaml ./
COPY --from=build /app/scripts/healthy.mjs scripts/
COPY --from=build /app/dist dist

FROM base-with-ffmpeg AS vps
COPY --from=app /app /app
COPY --from=app /app/sla.yaml ./
CMD ["vps"]

FROM base AS tidemark
COPY --from=app /app /app
COPY --from=app /app/sla.yaml ./
CMD ["up"]
