# Talksheet in a container: `docker run -p 8000:8000 -v talksheet:/app/data IMAGE`

FROM denoland/deno:2.9.6 AS dependencies
WORKDIR /app
COPY . .
# Everything that main.ts may ever import, the Google client included, is on disk before the first start.
RUN deno cache --frozen main.ts && deno task bundle

FROM denoland/deno:2.9.6
ENV DENO_NO_UPDATE_CHECK=1 HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY --from=dependencies --chown=deno:deno /deno-dir /deno-dir
COPY deno.json deno.lock main.ts ./
COPY routes routes
COPY rooms rooms
COPY sheets sheets
COPY --from=dependencies /app/static static
COPY tests/std tests/std
COPY tests/browser/deno.json tests/browser/deno.json
RUN mkdir data && chown deno:deno data
USER deno
VOLUME /app/data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
  CMD ["deno", "eval", "const r = await fetch(`http://127.0.0.1:${Deno.env.get('PORT')}/healthz`); Deno.exit(r.ok ? 0 : 1)"]
CMD ["run", "--quiet", "--cached-only", "--v8-flags=--max-semi-space-size=8", "-P=service", "main.ts", "--parallel"]
