import type { Card, Choice, Entry, Source } from "./entries";
import { feedbackNode } from "./feedback";
import { link, paragraphs, readable, safeAddress, telephone } from "./links";
import { button, hidden, type IconName, icon, make, named } from "./nodes";
import type { Unsent } from "./outbox";
import type { RenderContext } from "./render_context";
import { markTerms } from "./terms";
import { joined, type Words } from "./words";

/** Renders an entry. */
export function entryNode(entry: Entry, context: RenderContext): HTMLElement {
    const { words, base } = context;
    const body = make("div", "body");
    const urgent = entry.kind === "urgent";
    const callable = urgent || entry.kind === "safety";
    const heading = urgent || entry.kind === "trouble" ? words.say(entry.kind) : entry.topic?.title;
    if (heading) body.append(titled(heading, urgent || entry.kind === "trouble" ? "urgent" : undefined));
    if (entry.card) body.append(...card(entry.card, entry.kind === "clinic", context));
    else if (entry.kind === "notice" && context.greeting) body.append(foldedNotice(entry.text, context));
    else if (entry.from === "patient") body.append(plain(entry.text));
    else {
        const text = paragraphs(words, base, entry.text, callable);
        if (entry.terms?.length) markTerms(text, entry.terms, entry.id, context);
        body.append(...text);
    }
    if (entry.picture) body.append(picture(entry.picture, context));
    if (entry.sources?.length || entry.status) body.append(source(entry.sources ?? [], entry.status, words, base));
    if (entry.feedback?.length) body.append(feedbackNode(entry, entry.feedback, context));
    const node = outer(entry.from, entry.kind, new Date(entry.time), words, body);
    node.dataset.id = entry.id;
    if (entry.kind === "my_data") node.append(downloads(context));
    if (entry.choices?.length) node.append(choices(entry.choices, entry.kind, context));
    return node;
}

/** Renders a message that the server has not confirmed yet. */
export function unsentNode(message: Unsent, online: boolean, context: RenderContext): HTMLElement {
    const { words } = context;
    const node = outer("patient", "text", new Date(message.time), words, make("div", "body", plain(message.shown)));
    node.dataset.unsent = message.id;
    if (message.refused !== undefined) {
        node.classList.add("refused");
        const again = button("retry", () => context.retry(message.id), icon("again"), words.say("try_again"));
        node.append(make("p", "note", `${words.say("not_sent")}. ${message.refused}`), again);
    } else if (!online) {
        node.append(make("p", "note", words.say("waiting")));
    }
    return node;
}

/** Renders the emergency sentence that stands in for the server's answer while there is no connection. */
export function offlineDangerNode({ words, base }: RenderContext): HTMLElement {
    const text = paragraphs(words, base, words.say("offline_danger"), true);
    return outer("assistant", "urgent", null, words, make("div", "body", titled(words.say("urgent"), "urgent"), ...text));
}

/** Renders the greeting, which comes with the labels and not from the server. */
export function greetingNode(starters: Choice[], context: RenderContext): HTMLElement {
    const { words, base } = context;
    const body = make("div", "body", ...paragraphs(words, base, words.say("greeting")));
    const node = outer("assistant", "greeting", null, words, body);
    if (starters.length) node.append(choices(starters, "greeting", context));
    return node;
}

/** Renders the line between two days. */
export function dayNode(date: Date, words: Words): HTMLElement {
    const today = date.toDateString() === new Date().toDateString();
    const shown = words.format(date, { weekday: "long", day: "numeric", month: "long" });
    return make("p", "day", today ? words.say("today") : shown);
}

/** Text for screen readers when an entry arrives: the title, the text and the choices. */
export function spoken(entry: Entry, { words, greeting }: RenderContext): string {
    const folded = entry.kind === "notice" && greeting;
    const said = [
        entry.kind === "urgent" || entry.kind === "trouble" ? words.say(entry.kind) : entry.topic?.title,
        entry.card
            ? [entry.card.name, entry.card.address].filter(Boolean).join(", ")
            : folded
              ? words.say("notice")
              : entry.text,
        entry.choices?.length
            ? words.say("choices_said", { titles: entry.choices.map((choice) => choice.title).join("; ") })
            : "",
    ];
    return joined(said.filter(Boolean).join(". "));
}

/** The notice folded up: the greeting and the head of the panel have said its first words. */
function foldedNotice(text: string, { words, base }: RenderContext): HTMLElement {
    return make("details", "", make("summary", "", words.say("notice"), icon("unfold")), ...paragraphs(words, base, text));
}

/** Text exactly as it is, such as the patient's own words. */
function plain(text: string, className = ""): HTMLElement {
    const paragraph = make("p", className, text);
    paragraph.dir = "auto";
    return paragraph;
}

function outer(from: Entry["from"], kind: string, time: Date | null, words: Words, body: HTMLElement): HTMLElement {
    const node = make("div", `entry ${from} ${kind}`, hidden(words.say(from === "patient" ? "you" : "assistant")), body);
    if (time && !Number.isNaN(time.getTime())) {
        const shown = make("time", "", words.time(time));
        shown.dateTime = time.toISOString();
        node.append(shown);
    }
    return node;
}

function titled(text: string, sign?: IconName): HTMLElement {
    const heading = make("h3", "", ...(sign ? [icon(sign)] : []), make("span", "", text));
    heading.dir = "auto";
    return heading;
}

function choices(all: Choice[], kind: string, context: RenderContext): HTMLElement {
    const label = { greeting: "starters", answer: "related" }[kind] ?? "choices";
    const buttons = all.map((choice) => {
        const made = button("choice", () => context.choose(choice), choice.title);
        made.dir = "auto";
        return made;
    });
    return group("choices", context.words.say(label), buttons, label === "choices");
}

function downloads({ words, download }: RenderContext): HTMLElement {
    const buttons = (["text", "json"] as const).map((format) =>
        button("choice", () => download(format), icon("save"), words.say(`copy_${format}`)),
    );
    return group("choices", words.say("copy"), buttons, false);
}

function group(kind: string, label: string, content: Node[], labelHidden: boolean): HTMLElement {
    const items = make("ul", "", ...content.map((node) => make("li", "", node)));
    // Without the role, Safari takes a list without bullets for no list.
    named(items, label, "list");
    if (labelHidden) return make("div", kind, items);
    const shown = make("p", "label", label);
    shown.setAttribute("aria-hidden", "true");
    return make("div", kind, shown, items);
}

function source(sources: Source[], status: string | undefined, words: Words, base: URL): HTMLElement {
    const line = make("p", "source");
    line.dir = "auto";
    if (sources.length) line.append(`${words.say(sources.length > 1 ? "sources" : "source")}: `);
    sources.forEach((each, position) => {
        if (position) line.append("; ");
        line.append(each.link ? link(words, base, each.link, each.organisation) : each.organisation);
    });
    if (status) line.append(make("span", "standing", status));
    return line;
}

/** Renders a card; a folded one shows its name, distance and town until it is opened. */
function card(given: Card, folded: boolean, { words, base }: RenderContext): Node[] {
    const head: Node[] = [titled(given.name)];
    const nodes: Node[] = [];
    const text = (value: string | undefined, className = "") => {
        if (value) nodes.push(plain(value, className));
    };
    if (given.distance_km !== undefined) {
        const distance = words.say("distance", { distance: words.number(given.distance_km) });
        head.push(make("p", "distance", icon("map"), distance));
    }
    const town = given.address?.split("\n").pop();
    if (folded && town) head.push(plain(town, "town"));
    text(given.department);
    text(given.address, "address");
    text(given.offers);
    text(given.accreditation, "mark");
    text(given.warning, "warning");
    for (const [label, value] of [
        ["languages", given.languages],
        ["coverage", given.coverage],
    ] as const) {
        if (value) nodes.push(make("p", "fact", `${words.say(label)}: ${value}`));
    }
    const contacts: Node[] = [];
    const contact = (sign: IconName, label: string, address: string | undefined, shown: string) => {
        if (!address) return;
        const line = link(
            words,
            base,
            address,
            icon(sign),
            make("span", "contact-label", label),
            make("span", "contact", shown),
        );
        contacts.push(line);
    };
    const phone = given.phone ?? "";
    contact("phone", words.say(given.phone_is_switchboard ? "phone_switchboard" : "phone"), phone && telephone(phone), phone);
    contact("mail", words.say("email"), given.email && `mailto:${given.email}`, given.email ?? "");
    contact("web", words.say("website"), given.website, readable(given.website ?? ""));
    contact("web", words.say("search"), given.link, readable(given.link ?? ""));
    contact("map", words.say("map"), given.map, words.say("map_show"));
    if (contacts.length) nodes.push(make("div", "contacts", ...contacts));
    if (given.source || given.checked_on) {
        const line = make("p", "source");
        if (given.source) line.append(`${words.say("source")}: `, sourceOfCard(given.source, words, base));
        if (given.checked_on)
            line.append(make("span", "standing", words.say("checked", { date: words.date(given.checked_on) })));
        nodes.push(line);
    }
    return folded ? [make("details", "", make("summary", "", ...head, icon("unfold")), ...nodes)] : [...head, ...nodes];
}

function sourceOfCard(given: string, words: Words, base: URL): Node | string {
    return /^https?:/.test(given) ? link(words, base, given, readable(given).split("/")[0] ?? given) : given;
}

function picture(given: NonNullable<Entry["picture"]>, context: RenderContext): HTMLElement {
    const { words, base } = context;
    const image = make("img");
    image.alt = given.alternative;
    const enlarge = button("enlarge", () => context.enlarge(image), icon("enlarge"), words.say("enlarge"));
    const figure = make("figure", "", image, enlarge);
    image.addEventListener("error", () => {
        figure.replaceChildren(make("p", "note", words.say("picture_missing")), ...paragraphs(words, base, given.alternative));
    });
    image.src = safeAddress(given.link, base) ?? "";
    return figure;
}
