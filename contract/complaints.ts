/** How a worker's `say` begins when it can't go on with a shot; `<this> <shot>: <why>`. The room's alarm knows them by it. */
export const CANNOT_TAKE = 'CANNOT TAKE batches of';
export const CANNOT_CLOSE = 'CANNOT CLOSE';
