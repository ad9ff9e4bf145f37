# ThoraxLens, ready to serve: docs/deployment.md says how to run it. Build: docker build -t thoraxlens .
# The full environment derives the engine's files here, and stays behind.
FROM python:3.11-bookworm AS build
WORKDIR /src
COPY . .
RUN sh deploy/image.sh models
RUN sh deploy/image.sh packages /opt/venv
RUN sh deploy/image.sh app /opt/venv /app
RUN sh deploy/image.sh check /opt/venv /app

# No compiler, no pip, no TensorFlow, no PyTorch; all files belong to root, and the server is somebody else.
FROM python:3.11-slim-bookworm
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
# The only place that is written to; a memory disk keeps even that off the disk (compose.yml has one).
VOLUME /tmp
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s CMD \
  ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/readyz', timeout=9)"]
CMD ["python", "serve.py", "8501", "0.0.0.0"]
