// Builds hair_answers/channels/website/assets/widget.js from src/.  `--check` fails when the checked-in file is stale.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../hair_answers/channels/website/assets/widget.js");
const LIMIT = 30_000; // bytes, gzipped, socket.io-client included

/** SHA-256 of everything the bundle is made from, in name order; tests/channels/test_website_assets.py computes the same. */
function fingerprint() {
  const hash = createHash("sha256");
  const files = ["build.mjs", "package-lock.json", ...readdirSync(join(here, "src")).sort().map((f) => `src/${f}`)];
  for (const file of files) hash.update(file).update("\0").update(readFileSync(join(here, file))).update("\0");
  return hash.digest("hex");
}

/** Drops comments and the blanks that CSS does not need; the sheet has no strings that hold either. */
const squeeze = (css) => css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ").replace(/ ?([{};,>]) ?/g, "$1").trim();

const styles = {
  name: "styles",
  setup(b) {
    b.onLoad({ filter: /\.css$/ }, ({ path }) => ({ contents: squeeze(readFileSync(path, "utf8")), loader: "text" }));
  },
};

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: ["src/main.js"],
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome100", "firefox101", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  plugins: [styles],
  banner: { js: `/* Hair Answers widget, Apache-2.0; holds socket.io-client, MIT. Sources ${fingerprint()} */` },
  write: false,
});
const code = outputFiles[0].contents;
const size = gzipSync(code, { level: 9 }).length;

if (size > LIMIT) throw new Error(`widget.js is ${size} bytes gzipped; the limit is ${LIMIT}. Take something out.`);
if (process.argv.includes("--check")) {
  if (!readFileSync(target).equals(Buffer.from(code))) throw new Error("widget.js is not what src/ builds. Run: npm run build");
} else {
  writeFileSync(target, code);
}
console.log(`widget.js ${code.length} bytes, ${size} gzipped`);
