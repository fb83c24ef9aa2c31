// The parts of socket.io-client that the widget has no use for: where web sockets are blocked, plain requests take their place
// (source/connection.ts), and all that is sent is JSON. Each must be there to be left out, so a new version breaks the build
// rather than the widget.
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

const modules = {
    "socket.io-client/build/esm/index.js": 'export { Manager } from "./manager.js";',
    "socket.io-parser/build/esm/is-binary.js": "export const isBinary = () => false; export const hasBinary = isBinary;",
    "socket.io-parser/build/esm/binary.js":
        "export const deconstructPacket = undefined; export const reconstructPacket = undefined;",
    "engine.io-client/build/esm/index.js": `
        export { Socket } from "./socket.js";
        export { installTimerFunctions } from "./util.js";
        export { nextTick } from "./globals.js";`,
    "engine.io-client/build/esm/transports/index.js":
        'import { WS } from "./websocket.js"; export const transports = { websocket: WS };',
    "engine.io-client/build/esm/util.js": `
        export const installTimerFunctions = (on) => {
            on.setTimeoutFn = setTimeout.bind(globalThis);
            on.clearTimeoutFn = clearTimeout.bind(globalThis);
        };
        export const pick = () => ({});
        export const byteLength = undefined;
        export const randomString = undefined;`,
    "engine.io-client/build/esm/globals.js": `
        export const nextTick = (act) => Promise.resolve().then(act);
        export const globalThisShim = globalThis;
        export const defaultBinaryType = "arraybuffer";
        export const createCookieJar = undefined;`,
    // The browser reads and writes addresses itself.
    "engine.io-client/build/esm/contrib/parseuri.js": `
        export const parse = (address) => {
            const { protocol, hostname, port } = new URL(address);
            return { protocol: protocol.slice(0, -1), host: hostname.replace(/[[\\]]/g, ""), port };
        };`,
    "engine.io-client/build/esm/contrib/parseqs.js":
        "export const encode = (query) => String(new URLSearchParams(query)); export const decode = undefined;",
    "engine.io-parser/build/esm/index.js": `
        export { encodePacket } from "./encodePacket.js";
        export { decodePacket } from "./decodePacket.js";
        export const protocol = 4;`,
    "engine.io-parser/build/esm/encodePacket.browser.js": `
        import { PACKET_TYPES } from "./commons.js";
        export const encodePacket = ({ type, data = "" }, _, done) => done(PACKET_TYPES[type] + data);`,
    "engine.io-parser/build/esm/decodePacket.browser.js": `
        import { ERROR_PACKET, PACKET_TYPES_REVERSE } from "./commons.js";
        export const decodePacket = (text) => {
            const type = PACKET_TYPES_REVERSE[text[0]];
            return type ? { type, data: text.slice(1) } : ERROR_PACKET;
        };`,
};

const methods = {
    "engine.io-client/build/esm/socket.js": ["_probe"],
    "socket.io-parser/build/esm/index.js": ["encodeAsBinary", "takeBinaryData"],
    "socket.io-client/build/esm/manager.js": ["connect", "disconnect"],
    "socket.io-client/build/esm/socket.js": [
        "send",
        "close",
        "compress",
        "get volatile",
        "get disconnected",
        "_addToQueue",
        ...["onAny", "prependAny", "offAny", "listenersAny"].flatMap((name) => [name, `${name}Outgoing`]),
    ],
};

export const smallLibrary = {
    name: "small library",
    setup({ onLoad, onEnd }) {
        const missing = new Set([...Object.keys(modules), ...Object.keys(methods)]);
        const load = (file, contentsOf) =>
            onLoad({ filter: new RegExp(`${file.replaceAll(/[./]/g, "[./\\\\]")}$`) }, async ({ path }) => {
                missing.delete(file);
                return { contents: await contentsOf(path), resolveDir: dirname(path) };
            });
        for (const [file, contents] of Object.entries(modules)) load(file, () => contents);
        for (const [file, names] of Object.entries(methods))
            load(file, async (path) => names.reduce(withoutMethod, await readFile(path, "utf8")));
        onEnd(() => ({ errors: [...missing].map((file) => ({ text: `The library has no ${file} any more.` })) }));
    },
};

function withoutMethod(code, name) {
    const left = code.replace(new RegExp(`^    ${name}\\(.*\\{\\n[^]*?^    \\}\\n`, "m"), "");
    if (left === code) throw new Error(`The library has no ${name}() any more.`);
    return left;
}
