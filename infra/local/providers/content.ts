/** What a push says and whose it is: read once per distinct body. */
export interface Content {
  launchId: string;
  shotId: string;
  title: string;
  /** What a phone shows of the rest; '' and null where the push says nothing, or says it in a way that no phone takes. */
  subtitle: string;
  body: string;
  image: string;
  badge: number | null;
  /** Titles of the buttons that the app can draw. */
  buttons: string[];
  sound: string | null;
  background: boolean;
  /** Of APNs: what `apns-push-type` must say, as far as the payload tells. */
  pushType: 'alert' | 'background' | null;
  /** Whatever the push says of zombie mode; null if nothing. */
  zombie: unknown;
  /** FCM alone: it lies in the body (APNs has a header). */
  collapseId: string | null;
}

const unknownLaunch = 'unknown';

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const wholeNumber = (value: unknown): number | null => (Number.isInteger(value) ? (value as number) : null);

function titlesOf(actions: unknown): string[] {
  return Array.isArray(actions) ? actions.flatMap((one) => (isObject(one) ? [text(one.title)] : [])) : [];
}

function parsed(json: unknown): unknown {
  try {
    return JSON.parse(text(json));
  } catch {
    return null;
  }
}

function idOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

/** Of an APNs payload. The alert is a string, or {title, body}, or {title-loc-key, loc-key}. */
export function apnsContent(payload: unknown): Content {
  const root = isObject(payload) ? payload : {};
  const aps = isObject(root.aps) ? root.aps : {};
  const alert = isObject(aps.alert) ? aps.alert : { body: aps.alert };
  const own = isObject(root.gobutton) ? root.gobutton : {};
  const data = isObject(root.data) ? root.data : {};
  const sound = isObject(aps.sound) ? aps.sound.name : aps.sound;
  return {
    launchId: idOf(own.launch, unknownLaunch),
    shotId: idOf(own.shot, unknownLaunch),
    title: text(alert.title ?? alert['title-loc-key']),
    subtitle: text(alert.subtitle),
    body: text(alert.body ?? alert['loc-key']),
    // Without mutable-content no service extension of the app is asked, and without one there is no image.
    image: aps['mutable-content'] === 1 ? text(root.image) : '',
    badge: wholeNumber(aps.badge),
    // iOS shows the buttons of a category that the app has registered; these are what the category is to have.
    buttons: text(aps.category) === '' ? [] : titlesOf(root.actions),
    sound: typeof sound === 'string' ? sound : null,
    background: aps.alert === undefined && aps['content-available'] === 1,
    pushType: pushTypeOf(aps),
    zombie: own.zombie ?? root.zombie ?? data.zombie ?? null,
    collapseId: null,
  };
}

/** Whoever sees, hears or counts something gets an alert; nobody does by a background push (docs/facts.md#apns-headers). */
export function pushTypeOf({ alert, sound, badge, ...aps }: Record<string, unknown>): Content['pushType'] {
  if (alert !== undefined || sound !== undefined || badge !== undefined) return 'alert';
  return aps['content-available'] === 1 ? 'background' : null;
}

/** Of an FCM v1 `message`. Android's own notification fields go before the common ones. */
export function fcmContent(message: unknown): Content {
  const root = isObject(message) ? message : {};
  const data = isObject(root.data) ? root.data : {};
  const android = isObject(root.android) ? root.android : {};
  const common = isObject(root.notification) ? root.notification : {};
  const shown = isObject(android.notification) ? android.notification : {};
  const collapse = shown.tag ?? android.collapse_key ?? android.collapseKey;
  return {
    launchId: idOf(data.gobutton_launch, unknownLaunch),
    shotId: idOf(data.gobutton_shot, unknownLaunch),
    title: text(shown.title ?? common.title ?? shown.title_loc_key),
    subtitle: '',
    body: text(shown.body ?? common.body ?? shown.body_loc_key),
    image: text(shown.image ?? common.image),
    badge: wholeNumber(shown.notification_count),
    // The system draws none from a notification message.
    buttons: data.actions === undefined ? [] : titlesOf(parsed(data.actions)),
    sound: typeof shown.sound === 'string' ? shown.sound : null,
    background: root.notification === undefined && android.notification === undefined,
    pushType: null,
    zombie: data.gobutton_zombie ?? data.zombie ?? null,
    collapseId: typeof collapse === 'string' ? collapse : null,
  };
}
