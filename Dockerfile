# The two programs. Build one with `docker build --target runner .` or `--target operator .`
ARG BASE=docker.io/library/debian:trixie-slim

# What both images share: Python, certificates, a user without rights.
FROM ${BASE} AS base
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
 && groupadd --gid 65532 dbmigrations \
 && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin dbmigrations
ENV PATH=/opt/dbmigrations/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
LABEL org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="dbmigrations"

# Everything that is needed to build, and that no image carries: a compiler, pip, the PostgreSQL client's package.
FROM base AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev python3-setuptools python3-venv postgresql-client-17 \
 && rm -rf /var/lib/apt/lists/* \
 && python3 -m venv --system-site-packages /pip \
 && python3 -m venv --without-pip /opt/dbmigrations
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY images/copier/copier.c /build/
RUN cc -static -O2 -s -Wall -Wextra -Werror -o /copier /build/copier.c

FROM build AS project
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
RUN /pip/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels .

# The dependencies come before the project, so that a change of the project leaves their layer alone.
FROM build AS operator-environment
COPY requirements/operator.txt /build/
RUN /pip/bin/pip --python /opt/dbmigrations/bin/python install --quiet --require-hashes --requirement /build/operator.txt

FROM build AS runner-environment
COPY requirements/runner.txt /build/
RUN /pip/bin/pip --python /opt/dbmigrations/bin/python install --quiet --require-hashes --requirement /build/runner.txt

FROM operator-environment AS operator-program
COPY --from=project /wheels /wheels
RUN /pip/bin/pip --python /opt/dbmigrations/bin/python install --quiet --no-deps --prefix /program /wheels/*.whl

FROM runner-environment AS runner-program
COPY --from=project /wheels /wheels
RUN /pip/bin/pip --python /opt/dbmigrations/bin/python install --quiet --no-deps --prefix /program /wheels/*.whl

FROM base AS operator
LABEL org.opencontainers.image.title="dbmigrations-operator" \
      org.opencontainers.image.description="Watches DatabaseMigrations and starts the Jobs of their steps"
COPY --from=operator-environment /opt/dbmigrations /opt/dbmigrations
COPY --from=operator-program /program /opt/dbmigrations
USER 65532:65532
ENTRYPOINT ["dbmigrations-operator"]

FROM base AS runner
LABEL org.opencontainers.image.title="dbmigrations-runner" \
      org.opencontainers.image.description="dbmigrate: runs the steps of a migration against one PostgreSQL database"
# Only the client's programs and their libraries: Debian's package would bring all of Perl.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpq5 liblz4-1 libreadline8t64 libzstd1 zlib1g \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log
COPY --from=build /usr/lib/postgresql/17/bin/psql /usr/lib/postgresql/17/bin/pg_dump \
     /usr/lib/postgresql/17/bin/pg_restore /usr/lib/postgresql/17/bin/pg_isready /usr/local/bin/
RUN psql --version && pg_dump --version && pg_restore --version && pg_isready --version
COPY --from=build /copier /copier
COPY --from=runner-environment /opt/dbmigrations /opt/dbmigrations
COPY --from=runner-program /program /opt/dbmigrations
USER 65532:65532
ENTRYPOINT ["dbmigrate"]

# The unit tests on the Python that the images have. Its result is an empty image: the build itself is the test.
# What failed goes to standard error: a quiet build keeps nothing else. They stand last, as a builder of Docker's without
# BuildKit makes every stage above the one that is asked for.
FROM build AS unit-tests
COPY requirements/dev.txt /build/
RUN python3 -m venv --without-pip /tests \
 && /pip/bin/pip --python /tests/bin/python install --quiet --require-hashes --requirement /build/dev.txt
# Some commands read Git's history: their tests have real repositories.
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
WORKDIR /project
COPY . .
RUN /pip/bin/pip --python /tests/bin/python install --quiet --no-deps --no-build-isolation --editable . \
 && /tests/bin/python -m pytest -q -n 2 -p no:cacheprovider tests/unit > /unit-tests.txt \
 || (cat /unit-tests.txt >&2; false)

FROM scratch AS tested
COPY --from=unit-tests /unit-tests.txt /
