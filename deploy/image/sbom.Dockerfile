# Lists the Python packages that an image holds, asked of the image itself: /sbom.json, in CycloneDX.
ARG IMAGE=handoff:dev
FROM ${IMAGE}
ARG PIP_INDEX_URL
USER root
COPY requirements/sbom.txt /
RUN python3 -m venv /tools \
    && /tools/bin/pip install --no-cache-dir --quiet --require-hashes -r /sbom.txt \
    && /tools/bin/cyclonedx-py environment --output-reproducible --output-file /sbom.json /opt/handoff/bin/python
