# The image of all three services and of the `handoff` command: docs/deploy.md. BASE may be named by its digest.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
ENV UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=/opt/handoff
WORKDIR /source
COPY requirements/bootstrap.txt requirements/build.txt requirements/runtime.txt requirements/
RUN python3 -m venv /tools \
    && /tools/bin/pip install --no-cache-dir --quiet --require-hashes -r requirements/bootstrap.txt \
    && /tools/bin/uv pip install --quiet --python /tools --require-hashes -r requirements/build.txt \
    && /tools/bin/uv venv --quiet --python python3 /opt/handoff \
    && /tools/bin/uv pip install --quiet --require-hashes -r requirements/runtime.txt

# Left out: languages other than English of amounts, names of holidays (only their dates count), packages' own tests
# and sources in C.
RUN cd /opt/handoff/lib/python3*/site-packages \
    && find babel/locale-data -name '*.dat' ! -name root.dat ! -name en.dat -delete \
    && rm -r holidays/locale alembic/testing certifi/tests greenlet/tests py_vapid/tests sqlalchemy/testing \
    && find . -name '*.c' -delete -o -name '*.cpp' -delete -o -name '*.hpp' -delete -o -name '*.h' -delete \
        -o -name '*.px[di]' -delete -o -name '*.pyx' -delete -o -name '*.pyi' -delete

COPY pyproject.toml hatch_build.py ./
COPY shared shared
COPY services services
ARG RELEASE=
RUN HANDOFF_RELEASE="${RELEASE}" /tools/bin/hatchling build -t wheel \
    && /tools/bin/uv pip install --quiet --no-deps dist/*.whl

# Bytecode of every module that the services need, and of no other.
COPY deploy/image/imported.py /tools/
RUN /opt/handoff/bin/python -m compileall -q /opt/handoff/lib/python3*/site-packages/services \
        /opt/handoff/lib/python3*/site-packages/shared \
    && /opt/handoff/bin/python /tools/imported.py

FROM ${BASE}
ARG BASE
ARG RELEASE=
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="Handoff" \
      org.opencontainers.image.description="On-call for sold accounts" \
      org.opencontainers.image.version="${RELEASE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /opt/handoff /opt/handoff
# PYTHONTZPATH: the rules of time zones are those of the package that is pinned, not those of the base.
ENV PATH=/opt/handoff/bin:$PATH HOST=0.0.0.0 PYTHONTZPATH=
USER 10001:10001
EXPOSE 8101 8102 8103
ENTRYPOINT ["handoff"]
