import type { Choice } from "./entries";
import type { Words } from "./words";

/** What rendering an entry needs from the panel that shows it. */
export interface RenderContext {
    words: Words;
    base: URL;
    /** Whether the greeting is shown, so that the notice may be folded up. */
    greeting: boolean;
    choose(choice: Choice, comment?: string): void;
    /** The choice made last among these for a topic. */
    chosen(choices: Choice[], topic: string | undefined): Choice | undefined;
    retry(id: string): void;
    /** Offers a copy of all that is kept of this person as a file. */
    download(format: "text" | "json"): void;
    enlarge(picture: HTMLImageElement): void;
    /** Lets a screen reader say something. */
    announce(text: string): void;
}
