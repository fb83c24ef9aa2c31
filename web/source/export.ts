import type { Entry } from "./entries";
import { readable } from "./links";
import { button, make } from "./nodes";
import printStyle from "./print.css";
import { entryNode } from "./render";
import type { RenderContext } from "./render_context";
import { addStyle } from "./style";
import type { Words } from "./words";

/** Formats the conversation as plain text. */
export function asText(entries: Entry[], context: RenderContext): string {
    const { words } = context;
    const said = entries.map((entry) => `${heading(entry, words)}\n${lines(entry, context).join("\n")}`);
    const end = [words.say("print_note"), words.say("print_made", { date: words.date(new Date().toISOString()) })];
    return `${[words.say("print_title"), ...said, ...end].join("\n\n")}\n`;
}

/** Offers a text file for download. */
export function saveText(text: string, name: string): void {
    // The byte order mark tells older editors that this is UTF-8.
    saveFile(new Blob(["\ufeff", text], { type: "text/plain;charset=utf-8" }), `${name}.txt`);
}

/** Offers a file of JSON for download. */
export function saveJson(content: object, name: string): void {
    saveFile(new Blob([JSON.stringify(content, null, 2)], { type: "application/json" }), `${name}.json`);
}

function saveFile(content: Blob, name: string): void {
    const address = URL.createObjectURL(content);
    const download = make("a");
    download.href = address;
    download.download = name;
    download.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Opens the conversation as a plain page for printing; false where the browser blocks windows. */
export function openPrintView(entries: Entry[], context: RenderContext): boolean {
    const { words } = context;
    const title = words.say("print_title");
    const view = open("", "_blank");
    if (!view) return false;
    const page = view.document;
    page.title = title;
    page.documentElement.lang = words.language;
    page.documentElement.dir = words.direction;
    addStyle(page, printStyle, view as unknown as typeof globalThis);
    const talk = make("main", "", make("h1", "", title), make("p", "note", words.say("print_note")));
    for (const entry of entries) {
        const section = make("section", entry.from, make("h2", "", heading(entry, words)));
        for (const line of lines(entry, context)) section.append(make("p", "", line));
        talk.append(section);
    }
    const made = words.say("print_made", { date: words.date(new Date().toISOString()) });
    talk.append(make("p", "note", made));
    page.body.append(
        button("print", () => view.print(), words.say("print")),
        talk,
    );
    view.focus();
    return true;
}

function heading(entry: Entry, words: Words): string {
    const who = words.say(entry.from === "patient" ? "you" : "assistant");
    const when = words.format(new Date(entry.time), { dateStyle: "long", timeStyle: "short" });
    return `${who}, ${when}`;
}

/** The lines of an entry: links with their addresses, pictures as their alternatives. */
function lines(entry: Entry, context: RenderContext): string[] {
    const node = entryNode(entry, context);
    const all = (selector: string) => [...node.querySelectorAll<HTMLElement>(selector)];
    for (const needless of all(".body ~ *, .feedback, .town, button, .hidden")) needless.remove();
    for (const image of node.querySelectorAll("img")) image.replaceWith(make("p", "", image.alt));
    for (const label of all(".contact-label")) label.append(": ");
    for (const standing of all(".standing")) if (standing.previousSibling) standing.prepend(". ");
    for (const link of node.querySelectorAll<HTMLAnchorElement>("a[target]")) {
        const shown = link.querySelector(".contact") ?? link;
        if (readable(link.href) === shown.textContent || shown !== link) shown.textContent = link.href;
        else shown.append(` (${link.href})`);
    }
    return all("h3, p, li, .contacts > *").map((line) => line.textContent ?? "");
}
