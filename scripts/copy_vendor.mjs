// Copies the locked third-party scripts from node_modules into static/vendor/, which git ignores.
import { copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const vendor = join(root, "static", "vendor");
const files = [
  ["htmx.org/dist/htmx.min.js", "htmx.min.js"],
  ["htmx.org/dist/ext/hx-sse.min.js", "hx-sse.min.js"],
  ["htmx.org/LICENSE", "htmx.LICENSE.txt"],
  ["lightweight-charts/dist/lightweight-charts.standalone.production.js", "lightweight-charts.js"],
  ["lightweight-charts/LICENSE", "lightweight-charts.LICENSE.txt"],
];

await rm(vendor, { recursive: true, force: true });
await mkdir(vendor, { recursive: true });
for (const [source, target] of files) {
  await copyFile(join(root, "node_modules", source), join(vendor, target));
  console.log(`static/vendor/${target}`);
}
