/**
 * Turns the children of `target` into those of `html`, keeping every node that can stay: focus, open
 * menus, half-typed text and running transitions survive an update.
 */
export function morph(target, html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  morphChildren(target, template.content);
}

function morphChildren(from, to) {
  const wanted = [...to.childNodes];
  for (const [i, node] of wanted.entries()) {
    const present = from.childNodes[i];
    if (present === undefined) from.appendChild(node);
    else if (isSame(present, node)) morphNode(present, node);
    else from.replaceChild(node, present);
  }
  while (from.childNodes.length > wanted.length) from.lastChild.remove();
}

function isSame(a, b) {
  return (
    a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.dataset?.action ?? '') === (b.dataset?.action ?? '')
  );
}

function morphNode(present, wanted) {
  if (present.nodeType === Node.TEXT_NODE) {
    if (present.data !== wanted.data) present.data = wanted.data;
    return;
  }
  if (present.nodeType !== Node.ELEMENT_NODE) return;
  for (const { name, value } of [...wanted.attributes])
    if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  for (const { name } of [...present.attributes])
    if (!wanted.hasAttribute(name) && !isLiveAttribute(present, name)) present.removeAttribute(name);
  morphChildren(present, wanted);
}

/** Attributes that the person or the script set on purpose. */
function isLiveAttribute(element, name) {
  return name === 'aria-busy' || name === 'data-open' || (element.nodeName === 'DETAILS' && name === 'open');
}
