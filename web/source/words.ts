import { FOLDER, script } from "./options";

interface Labelled {
    language: string;
    direction: "ltr" | "rtl";
    labels: Record<string, string>;
}

/** The labels that the server sends along with the script, so that the button need not wait for a second request. */
const sentAlong = (script as { words?: Labelled } | null)?.words;

/** The labels of the widget. No sentence that a patient reads stands in the code: they come from data/words/widget.yml. */
export class Words {
    readonly language: string;
    readonly direction: "ltr" | "rtl";
    private readonly labels: Record<string, string>;

    constructor(answer: Labelled) {
        this.language = answer.language;
        this.direction = answer.direction;
        this.labels = answer.labels;
    }

    /** A label with its `{fields}` filled in. */
    say(name: string, fields: Record<string, string | number> = {}): string {
        return (this.labels[name] ?? "").replace(/\{(\w+)\}/g, (_, field: string) => String(fields[field] ?? ""));
    }

    /** `2026-11-22` or `2026-11`, as the reader writes it; unchanged when it is no date. */
    date(iso: string): string {
        const date = new Date(iso);
        if (Number.isNaN(date.getTime())) return iso;
        const day = iso.length > 7 ? { day: "numeric" as const } : {};
        return this.format(date, { ...day, month: "long", year: "numeric" });
    }

    time(date: Date): string {
        return this.format(date, { hour: "2-digit", minute: "2-digit" });
    }

    number(value: number): string {
        return new Intl.NumberFormat(this.locale, { maximumFractionDigits: 0 }).format(value);
    }

    format(date: Date, style: Intl.DateTimeFormatOptions): string {
        return new Intl.DateTimeFormat(this.locale, style).format(date);
    }

    private get locale(): string {
        return this.say("locale") || this.language;
    }
}

const LONGEST_WAIT_MS = 30_000;

/** The labels for a language. Where they did not come along, it fetches them, and tries again for as long as the page is open: the server may be restarting. */
export async function loadWords(base: URL, language: string): Promise<Words> {
    if (sentAlong && base.href === FOLDER.href && language.toLowerCase().startsWith(sentAlong.language))
        return new Words(sentAlong);
    const address = new URL(`words.json?lang=${encodeURIComponent(language)}`, base);
    for (let wait = 1000; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
        try {
            const response = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
            if (response.ok) return new Words(await response.json());
        } catch {
            // Tried again below.
        }
        await new Promise((resolve) => setTimeout(resolve, wait));
    }
}
