// Copies the locked third-party scripts from node_modules into static/vendor/, which git ignores.
// htmx and its extension become one file: in two, htmx would at times start before the extension.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const vendor = join(root, "static", "vendor");
const files = [
  ["htmx.min.js", "htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js"],
  ["htmx.LICENSE.txt", "htmx.org/LICENSE"],
  ["lightweight-charts.js", "lightweight-charts/dist/lightweight-charts.standalone.production.js"],
  ["lightweight-charts.LICENSE.txt", "lightweight-charts/LICENSE"],
];

await rm(vendor, { recursive: true, force: true });
await mkdir(vendor, { recursive: true });
for (const [target, ...sources] of files) {
  const parts = await Promise.all(sources.map((source) => readFile(join(root, "node_modules", source))));
  const pieces = parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from("\n;\n"), part]));
  await writeFile(join(vendor, target), Buffer.concat(pieces));
  console.log(`static/vendor/${target}`);
}
