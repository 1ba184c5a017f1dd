// better-auth behind Node's own server: log-in by e-mail, sessions by bearer token, API keys.
// `node server.mjs migrate` makes the tables.
import cluster from "node:cluster";
import http from "node:http";
import { apiKey } from "@better-auth/api-key";
import { hash, verify } from "@node-rs/argon2";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { bearer } from "better-auth/plugins";
import Database from "better-sqlite3";
import pg from "pg";

const { ARGON2_LANES, ARGON2_MEMORY, ARGON2_PASSES, DATABASE_URL, PORT, PROCESSES } = process.env;
const argon2id = { algorithm: 2, memoryCost: +ARGON2_MEMORY, timeCost: +ARGON2_PASSES, parallelism: +ARGON2_LANES };

function open() {
  if (DATABASE_URL) return new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
  const database = new Database("data.db");
  for (const pragma of ["journal_mode = WAL", "synchronous = NORMAL", "busy_timeout = 5000"]) database.pragma(pragma);
  return database;
}

function build() {
  return betterAuth({
    baseURL: `http://127.0.0.1:${PORT}`,
    secret: "a secret of this benchmark and of nothing else",
    database: open(),
    emailAndPassword: {
      enabled: true,
      autoSignIn: false,
      password: {
        hash: (password) => hash(password, argon2id),
        verify: ({ hash: known, password }) => verify(known, password),
      },
    },
    // All load comes from one address, so limits are off, as ours are for it.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    plugins: [bearer(), apiKey({ rateLimit: { enabled: false } })],
  });
}

function serve() {
  const auth = build();
  const others = toNodeHandler(auth);
  const server = http.createServer(async (request, response) => {
    if (request.url === "/health") return response.end("ok");
    if (request.url !== "/verify-key") return others(request, response);
    const { valid } = await auth.api.verifyApiKey({ body: { key: request.headers["x-api-key"] ?? "" } });
    response.writeHead(valid ? 200 : 401, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ valid }));
  });
  server.listen(+PORT, "127.0.0.1");
}

if (process.argv[2] === "migrate") {
  await (await getMigrations(build().options)).runMigrations();
  process.exit(0);
} else if (cluster.isPrimary && +PROCESSES > 1) {
  for (let number = 0; number < +PROCESSES; number++) cluster.fork();
} else {
  serve();
}
