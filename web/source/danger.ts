/** Whether one of the phrases stands in a text, whatever its case, apostrophes and punctuation. */
export function mentionsDanger(text: string, phrases: string[]): boolean {
    const plain = normalised(text);
    return phrases.some((phrase) => plain.includes(normalised(phrase)));
}

/** Lower-case words between single blanks, compatibility forms such as full-width letters resolved. */
function normalised(text: string): string {
    const words = text
        .normalize("NFKC")
        .toLowerCase()
        .replace(/[\u0027\u0060\u00b4\u2018\u2019\u02bc\u2032]/g, "");
    return ` ${words.replace(/[^\p{L}\p{N}]+/gu, " ").trim()} `;
}
