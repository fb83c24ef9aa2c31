let reported = false;

/** Writes one line for the page's editor into the console, once a page: why the widget cannot work here. */
export function report(problem: string): void {
    if (!reported) console.warn(`TrialGuide: ${problem}`);
    reported = true;
}

export function reportUnreachable(server: URL): void {
    if (navigator.onLine)
        report(`no answer from ${server.href}. Is it the server, ${self.origin} in its ALLOWED_ORIGINS, and connect-src set?`);
}
