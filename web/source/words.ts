import { reportUnreachable } from "./diagnostics";
import { FOLDER, script } from "./options";

interface WordFile {
    language: string;
    direction: "ltr" | "rtl";
    labels: Record<string, string>;
    danger?: string[];
}

/** Labels embedded by the server in front of the script: the launcher needs no second request. */
const embedded = (script as { words?: WordFile } | null)?.words;

/** Labels of the widget in one language, from data/words/widget.yml. */
export class Words {
    readonly language: string;
    readonly direction: "ltr" | "rtl";
    /** Phrases of danger, answered here while there is no connection. */
    readonly danger: string[];
    private readonly labels: Record<string, string>;

    /** `name` replaces the assistant's own in all labels. */
    constructor(answer: WordFile, name: string) {
        this.language = answer.language;
        this.direction = answer.direction;
        this.danger = answer.danger ?? [];
        this.labels = name ? { ...answer.labels, name } : answer.labels;
    }

    /** Returns a label with its `{fields}` filled in, other labels among them. */
    say(label: string, fields: Record<string, string | number> = {}): string {
        const filled = (_: string, field: string) => String(fields[field] ?? this.labels[field] ?? "");
        return joined((this.labels[label] ?? "").replace(/\{(\w+)\}/g, filled));
    }

    /** Formats `2026-11-22` or `2026-11` for the locale; anything else stays unchanged. */
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

/** Drops the full stop after a part that ends with a mark of its own. */
export function joined(text: string): string {
    return text.replace(/([?!])\. /g, "$1 ");
}

const LONGEST_WAIT_MS = 30_000;

/** Loads the labels of a language; retries for as long as the page is open, as the server may be restarting. */
export async function loadWords(base: URL, language: string, name: string): Promise<Words> {
    if (embedded && base.href === FOLDER?.href && language.toLowerCase().startsWith(embedded.language))
        return new Words(embedded, name);
    const address = new URL(`words.json?lang=${encodeURIComponent(language)}`, base);
    for (let wait = 1000; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
        try {
            const response = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
            if (response.ok) return new Words(await response.json(), name);
        } catch {
            // Retried below.
        }
        reportUnreachable(base);
        await new Promise((resolve) => setTimeout(resolve, wait));
    }
}
