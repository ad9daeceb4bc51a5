# weaktal with its extras: on a CPU or, by a build argument, on an NVIDIA GPU.
#   docker build -t weaktal --secret id=pip,src=$HOME/.config/pip/pip.conf .    # pip's settings say where the CPU build is
#   docker build -t weaktal --build-arg CUDA=1 .                                # PyTorch as pip gets it, with CUDA
#   docker run --rm -v weaktal:/home/weaktal weaktal weights fetch i3d          # likewise clip-vit-b16
#   docker run --rm -v weaktal:/home/weaktal -v "$PWD:/data" weaktal find videos --tags tags.csv --out found
# User 1000 must be able to write to $PWD. No image was built or run where this was written.
ARG PYTHON=3.12
FROM python:${PYTHON}-slim
SHELL ["/bin/bash", "-o", "pipefail", "-c"]

ARG CUDA=0
ARG EXTRAS=video,clip,table,export,view,log

WORKDIR /opt/weaktal
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY scripts/install ./scripts/install
COPY src ./src
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=cache,target=/root/.cache/pip \
    bash scripts/install "$CUDA" "$EXTRAS"

RUN useradd --uid 1000 --create-home weaktal
USER 1000
ENV WEAKTAL_CACHE=/home/weaktal/cache \
    WEAKTAL_WEIGHTS=/home/weaktal/weights
WORKDIR /data
ENTRYPOINT ["weaktal"]
CMD ["--help"]
