# docker build -t voice-chat-backend .
#
# Two images come out of this file: the server, which is the default, and the client with --target client.
# docs/deployment.md explains the arguments.

ARG BASE_IMAGE=python:3.11-slim-bookworm


# What is needed, apart from the code that needs it: it changes seldom, so installing it is kept for later builds.
FROM ${BASE_IMAGE} AS requirements

WORKDIR /src
COPY pyproject.toml requirements.txt constraints.txt ./
RUN grep '^torch==' requirements.txt > torch.txt \
    && python3 -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
    [print(*project['dependencies'], *project['optional-dependencies'][extra], sep='\n', file=open(f'{extra}.txt', 'w')) \
    for extra in ('server', 'tui')]"


FROM ${BASE_IMAGE} AS packages

ENV PATH=/opt/voicechat/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python3 -m venv /opt/voicechat


FROM packages AS client-packages

COPY --from=requirements /src/constraints.txt /src/tui.txt ./
RUN --mount=type=cache,target=/root/.cache/pip pip install -c constraints.txt -r tui.txt
COPY pyproject.toml README.md LICENSE ./
COPY LICENSES LICENSES
COPY common common
COPY server server
COPY tui tui
RUN --mount=type=cache,target=/root/.cache/pip \
    PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt pip install --no-deps .


FROM packages AS server-packages

# `cpu`, or the CUDA version of a build of PyTorch, such as `cu130`.
ARG COMPUTE=cpu
# Where PyTorch comes from; if empty, from where pip is set up to look.
ARG TORCH_INDEX=https://download.pytorch.org/whl/${COMPUTE}

COPY --from=requirements /src/constraints.txt /src/torch.txt /src/server.txt ./
# Where PyTorch comes from there need not be the pinned versions of what it needs: those come with everything else.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install ${TORCH_INDEX:+--index-url "${TORCH_INDEX}"} -r torch.txt
# An image for CPUs must not carry gigabytes of CUDA, and one for GPUs must not lack it.
RUN python -c "import sys, torch; sys.exit((torch.version.cuda is None) != ('${COMPUTE}' == 'cpu') \
    and f'PyTorch {torch.__version__} is not for COMPUTE=${COMPUTE}: change COMPUTE or TORCH_INDEX.')"
# Tests, headers and static libraries serve only those who work on these packages.
RUN --mount=type=cache,target=/root/.cache/pip pip install -c constraints.txt -r torch.txt -r server.txt \
    && find /opt/voicechat/lib -type d \( -name test -o -name tests \) -prune -exec rm -rf {} + \
    && find /opt/voicechat/lib/python3*/site-packages/torch/bin -type f ! -name torch_shm_manager -delete \
    && find /opt/voicechat/lib -type f -name '*.a' -delete \
    && rm -rf /opt/voicechat/lib/python3*/site-packages/torch/include
COPY pyproject.toml README.md LICENSE ./
COPY LICENSES LICENSES
COPY common common
COPY server server
COPY tui tui
RUN --mount=type=cache,target=/root/.cache/pip \
    PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt pip install --no-deps .


ARG MODEL=paraformer-zh-streaming
ARG HUB=ms
ARG MODEL_REVISION=v2.0.4
# Another address of the hub, such as a mirror.
ARG HUB_ENDPOINT=

COPY download_model.py ./
# Downloads outlive the build, so that a change of the code doesn't fetch 880 MB again.
RUN --mount=type=cache,target=/var/tmp/models \
    MODELSCOPE_ENDPOINT=${HUB_ENDPOINT} HF_ENDPOINT=${HUB_ENDPOINT} python download_model.py "${MODEL}" \
        --hub "${HUB}" --revision "${MODEL_REVISION}" --cache-dir /var/tmp/models \
    && mkdir -p "/models/${HUB}/${MODEL}" \
    && if [ "${MODEL}" != demo ]; then cp -r "/var/tmp/models/${HUB}/${MODEL}/${MODEL_REVISION}" "/models/${HUB}/${MODEL}"; fi


FROM ${BASE_IMAGE} AS runtime

ENV PATH=/opt/voicechat/bin:$PATH PYTHONUNBUFFERED=1
RUN groupadd --gid 10001 voicechat \
    && useradd --uid 10001 --gid voicechat --home-dir /var/lib/voicechat --shell /usr/sbin/nologin voicechat \
    && install -d -o voicechat -g voicechat /var/lib/voicechat /var/cache/voicechat
WORKDIR /var/lib/voicechat


FROM runtime AS client

COPY --from=client-packages /opt/voicechat /opt/voicechat
COPY server/voicechat_server/asr/demo_model/samples /samples
USER 10001:10001
ENTRYPOINT ["voicechat-tui"]
CMD ["--help"]


FROM runtime AS server

ARG MODEL=paraformer-zh-streaming
ARG HUB=ms
ARG MODEL_REVISION=v2.0.4

COPY --from=server-packages /opt/voicechat /opt/voicechat
COPY --from=server-packages --chown=10001:10001 /models /var/cache/voicechat

ENV VOICECHAT_HOST=0.0.0.0 \
    VOICECHAT_PORT=8000 \
    VOICECHAT_MODEL=${MODEL} \
    VOICECHAT_HUB=${HUB} \
    VOICECHAT_MODEL_REVISION=${MODEL_REVISION} \
    VOICECHAT_CACHE_DIR=/var/cache/voicechat \
    VOICECHAT_DATABASE=/var/lib/voicechat/chats.db \
    VOICECHAT_KEY_FILE=/var/lib/voicechat/keys.json \
    VOICECHAT_AUTH=none
USER 10001:10001
VOLUME ["/var/cache/voicechat", "/var/lib/voicechat"]
EXPOSE 8000
STOPSIGNAL SIGTERM
# Loading the model takes a while; a server that downloads it first is unhealthy until it has it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=2m --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; server = http.client.HTTPConnection('127.0.0.1', int(os.environ['VOICECHAT_PORT']), timeout=4); server.request('GET', '/ready'); sys.exit(server.getresponse().status != 200)"]
ENTRYPOINT ["voicechat-server"]
CMD ["serve"]
