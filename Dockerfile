# The image of patron: the program, the C library and certificates, without a shell, as a user without rights. docs/containers.md
# explains how to run it.
#
#   docker build --tag patron:0.1.0 .

ARG RUST_IMAGE=docker.io/library/rust:1.95-bookworm
# Debian 12 as well, so that the C library is the one that the program was linked with.
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${RUST_IMAGE} AS build
WORKDIR /src
# .dockerignore lists what is copied.
COPY . .
RUN cargo build --release --locked --package patron
RUN install -D target/release/patron /image/usr/bin/patron && \
  install -D --mode=0644 LICENSE /image/usr/share/doc/patron/LICENSE
# Volumes get the owner and the rights of this folder.
RUN install -d -m 0700 -o 65532 -g 65532 /image/var/lib/patron

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="patron" \
  org.opencontainers.image.description="A gateway for customer accounts" \
  org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/ /
ENV PATRON_LISTEN=0.0.0.0:3000 PATRON_DATA_DIR=/var/lib/patron
USER 65532:65532
WORKDIR /var/lib/patron
VOLUME /var/lib/patron
EXPOSE 3000
# Swarm restarts a container that fails this, so it asks whether the program responds, not whether its database does.
HEALTHCHECK --interval=10s --timeout=20s --start-period=30s --retries=3 CMD ["/usr/bin/patron", "health", "--live"]
ENTRYPOINT ["/usr/bin/patron"]
CMD ["serve"]
