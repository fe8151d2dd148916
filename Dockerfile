# The product in a container. NOT BUILT HERE: no container engine was at hand; written carefully, tried by nobody. Report what breaks.
#
#   docker build -t qingzhou .
#   docker run -p 8180:8180 -v qingzhou-data:/data -e QZ_PUBLIC_URL=https://shop.example.com qingzhou
#
# The embedded PostgreSQL needs glibc, so no Alpine. It refuses to run as root; here everything runs as the user "node".
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc start.cjs ./
RUN npm ci --no-audit --no-fund
COPY console/package.json console/package-lock.json ./console/
RUN npm ci --no-audit --no-fund --prefix console
COPY . .
RUN npm run build --prefix console \
 && rm -rf console/node_modules tests bench docs/screenshots

FROM node:22-bookworm-slim
ENV NODE_ENV=production QZ_DATA_DIR=/data QZ_HOST=0.0.0.0
WORKDIR /app
COPY --from=build --chown=node:node /app /app
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8180 8190
HEALTHCHECK --interval=15s --start-period=60s CMD node -e "fetch('http://127.0.0.1:8180/readyz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
# tsx directly: start.cjs would look for something to install. SIGTERM stops it gracefully.
CMD ["node", "node_modules/tsx/dist/cli.mjs", "src/main.ts", "start"]
