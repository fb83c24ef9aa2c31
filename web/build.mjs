// Builds the widget into one file: `node build.mjs` into released/, or into the folder that is named.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = "es2020";

const smallStyles = {
    name: "small styles",
    setup({ onLoad }) {
        onLoad({ filter: /\.css$/ }, async ({ path }) => {
            const { code } = await transform(await readFile(path, "utf8"), {
                loader: "css",
                minify: true,
                target: ["chrome90", "safari15"],
            });
            return { contents: code.trim(), loader: "text" };
        });
    },
};

const { outputFiles } = await build({
    entryPoints: [join(here, "source/widget.ts")],
    absWorkingDir: here,
    bundle: true,
    format: "iife",
    target,
    minify: true,
    legalComments: "none",
    banner: { js: "/* TrialGuide, Apache-2.0 */" },
    plugins: [smallStyles],
    write: false,
});
const script = Buffer.from(outputFiles[0].contents);
const folder = process.argv[2] ?? join(here, "released");
const facts = {
    file: `widget-${createHash("sha256").update(script).digest("hex").slice(0, 12)}.js`,
    integrity: `sha384-${createHash("sha384").update(script).digest("base64")}`,
    bytes: script.length,
    gzipped: gzipSync(script, { level: 9 }).length,
};
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "widget.js"), script);
await writeFile(join(folder, "widget.json"), `${JSON.stringify(facts, null, 2)}\n`);
console.log(
    `${relative(process.cwd(), join(folder, "widget.js"))}: ${facts.bytes} bytes, ${facts.gzipped} gzipped, ${facts.file}`,
);
console.log(`integrity="${facts.integrity}"`);
