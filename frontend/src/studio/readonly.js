// While somebody else holds the draft, or a simulation runs, nothing can be drawn.
const RULES = ['connection.create', 'connection.reconnect', 'connection.updateWaypoints', 'connection.start', 'elements.align', 'elements.create', 'elements.delete', 'elements.distribute', 'elements.move', 'elements.paste', 'element.copy', 'element.autoResize', 'shape.append', 'shape.attach', 'shape.create', 'shape.replace', 'shape.resize'];

class ReadOnly {
  constructor(eventBus, contextPad) {
    this.on = false;
    this.contextPad = contextPad;
    const refuse = () => (this.on ? false : undefined);
    for (const rule of RULES) eventBus.on(`commandStack.${rule}.canExecute`, 9000, refuse);
    eventBus.on(['element.dblclick', 'create.start', 'spaceTool.selection.start', 'autoPlace'], 9000, refuse);
  }

  set(on) {
    this.on = on;
    if (on) this.contextPad.close();
  }
}

ReadOnly.$inject = ['eventBus', 'contextPad'];

export default { __init__: ['studioReadOnly'], studioReadOnly: ['type', ReadOnly] };
