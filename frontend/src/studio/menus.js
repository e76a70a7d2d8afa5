// What can be drawn: palette, context pad and "change into" menu offer only what the engine runs.
const REFUSED = /compensation|link-|conditional|ad-hoc|complex|cancel|transaction|event-subprocess|signal-end|data-store/;
const CREATE = [
  ['create.start-event', 'event', 'bpmn-icon-start-event-none', '开始', { type: 'bpmn:StartEvent' }],
  ['create.wait', 'event', 'bpmn-icon-intermediate-event-catch-timer', '等待到期（计时）', { type: 'bpmn:IntermediateCatchEvent', eventDefinitionType: 'bpmn:TimerEventDefinition' }],
  ['create.end-event', 'event', 'bpmn-icon-end-event-none', '结束', { type: 'bpmn:EndEvent' }],
  ['create.gateway', 'gateway', 'bpmn-icon-gateway-xor', '分支：只走一条', { type: 'bpmn:ExclusiveGateway' }],
  ['create.parallel', 'gateway', 'bpmn-icon-gateway-parallel', '并行：同时走几条', { type: 'bpmn:ParallelGateway' }],
  ['create.user-task', 'activity', 'bpmn-icon-user-task', '人员办理的步骤', { type: 'bpmn:UserTask' }],
  ['create.service-task', 'activity', 'bpmn-icon-service-task', '系统自动完成的步骤', { type: 'bpmn:ServiceTask' }],
  ['create.rule-task', 'activity', 'bpmn-icon-business-rule-task', '按决策表判断', { type: 'bpmn:BusinessRuleTask' }],
  ['create.call', 'activity', 'bpmn-icon-call-activity', '转到另一张流程图', { type: 'bpmn:CallActivity' }],
];
const APPEND = {
  'append.append-task': ['append.user-task', 'bpmn-icon-user-task', '接着：人员办理', { type: 'bpmn:UserTask' }],
  'append.intermediate-event': ['append.service-task', 'bpmn-icon-service-task', '接着：自动步骤', { type: 'bpmn:ServiceTask' }],
};
const KEPT = ['hand-tool', 'lasso-tool', 'space-tool', 'global-connect-tool', 'tool-separator', 'create.subprocess-expanded', 'create.participant-expanded'];

class Menus {
  constructor(palette, contextPad, popupMenu, create, elementFactory, autoPlace) {
    this.create = create;
    this.factory = elementFactory;
    this.autoPlace = autoPlace;
    palette.registerProvider(100, this);
    contextPad.registerProvider(100, this);
    popupMenu.registerProvider('bpmn-replace', 100, this);
  }

  getPaletteEntries() {
    return (given) => {
      const kept = Object.fromEntries(KEPT.filter((key) => key in given).map((key) => [key, given[key]]));
      const own = CREATE.map(([key, group, className, title, what]) => {
        const start = (event) => this.create.start(event, this.factory.createShape(what));
        return [key, { group, className, title, action: { dragstart: start, click: start } }];
      });
      const { 'create.subprocess-expanded': sub, 'create.participant-expanded': pool, ...tools } = kept;
      return { ...tools, ...Object.fromEntries(own), 'create.subprocess-expanded': sub, 'create.participant-expanded': pool };
    };
  }

  getContextPadEntries() {
    return (given) => {
      const entries = {};
      for (const [key, entry] of Object.entries(given)) {
        if (key.includes('compensation') || key.includes('condition-intermediate')) continue;
        const own = APPEND[key];
        if (own) entries[own[0]] = this.#append(...own.slice(1));
        else entries[key] = entry;
      }
      return entries;
    };
  }

  getPopupMenuEntries() {
    return (given) => Object.fromEntries(Object.entries(given).filter(([key]) => !REFUSED.test(key)));
  }

  getPopupMenuHeaderEntries() {
    return (given) => Object.fromEntries(Object.entries(given).filter(([key]) => !/ad-hoc|loop$/.test(key)));
  }

  #append(className, title, what) {
    return {
      group: 'model',
      className,
      title,
      action: {
        click: (_event, element) => this.autoPlace.append(element, this.factory.createShape(what)),
        dragstart: (event, element) => this.create.start(event, this.factory.createShape(what), { source: element }),
      },
    };
  }
}

Menus.$inject = ['palette', 'contextPad', 'popupMenu', 'create', 'elementFactory', 'autoPlace'];

export default { __init__: ['studioMenus'], studioMenus: ['type', Menus] };
