# One image; the command chooses the process:
#   docker run IMAGE                      everything on paper money, with the desk in this terminal (add -it)
#   docker run IMAGE trader engine        and likewise: trader exchange, trader ledger follow, trader desk, python -m bot
# compose.yaml has the processes side by side.

FROM python:3.11-slim AS build
WORKDIR /build
# The build's own tool comes from the lock too, with its hashes.
COPY requirements-dev.lock ./
RUN awk '/^setuptools==/ { on = 1 } on { print } on && !/\\$/ { exit }' requirements-dev.lock > build.lock \
    && pip install --no-cache-dir --disable-pip-version-check --require-hashes -r build.lock
COPY pyproject.toml README.md LICENSE ./
COPY engine engine
COPY bot bot
RUN pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /wheels .


FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/app/var/numba \
    TRADER_HOME=/app/var
RUN useradd --uid 10001 --create-home --home-dir /app trader && mkdir /app/var && chown trader:trader /app/var
WORKDIR /app

# The lock first: it changes rarely, so this layer is mostly there already.
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-index /wheels/*.whl
COPY trader.toml ./

USER trader
VOLUME /app/var

# Of the engine, unless a service says otherwise: `trader health bot`, `trader health exchange`, `trader health ledger`.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["trader", "health"]

# Docker stops with SIGTERM, at which every process ends by itself within 3 s.
CMD ["trader", "run", "--no-browser"]
