/** Options of one call of an SDK client. Its types allow no `undefined`. */
export const withSignal = (signal?: AbortSignal) => (signal === undefined ? {} : { abortSignal: signal });
