// English that a package's own translation does not reach, put into Chinese while building.
// The build fails when such a text has gone, so that an upgrade cannot quietly bring English back.
const TEXTS = {
  'bpmn-js-token-simulation/lib/features/toggle-mode/modeler/ToggleMode.js': [['Token Simulation <span', '模拟运行 <span']],
  'bpmn-js-token-simulation/lib/features/reset-simulation/ResetSimulation.js': [['title="Reset Simulation"', 'title="重新开始模拟"'], ["text: 'Reset Simulation'", "text: '已重新开始'"]],
  'bpmn-js-token-simulation/lib/features/pause-simulation/PauseSimulation.js': [['title="Play/Pause Simulation"', 'title="继续或暂停"'], ["text: 'Pause Simulation'", "text: '已暂停'"], ["text: 'Play Simulation'", "text: '继续'"]],
  'bpmn-js-token-simulation/lib/features/log/Log.js': [
    ['title="Toggle Simulation Log"', 'title="模拟记录"'], ['>No Entries<', '>还没有记录<'], ["'Service Task'", "'自动步骤'"], ["'User Task'", "'人员步骤'"], ["'Call Activity'", "'转到另一张图'"],
    ["'Script Task'", "'计算步骤'"], ["'Business Rule Task'", "'决策表'"], ["'Manual Task'", "'线下步骤'"], ["'Receive Task'", "'等待消息'"], ["'Send Task'", "'发送消息'"], ["'Exclusive Gateway'", "'分支'"],
    ["'Parallel Gateway'", "'并行'"], ["'Inclusive Gateway'", "'包容'"], ["'Start Event'", "'开始'"], ["'Intermediate Event'", "'等待或通知'"], ["'Boundary Event'", "'附着事件'"], ["'End Event'", "'结束'"],
  ],
  'bpmn-js-token-simulation/lib/features/set-animation-speed/SetAnimationSpeed.js': [["'Slow'", "'慢'"], ["'Normal'", "'正常'"], ["'Fast'", "'快'"], ['title="Set animation speed = ${ label }"', 'title="速度：${ label }"']],
  'bpmn-js-token-simulation/lib/features/context-pads/handler/TriggerHandler.js': [['title="Trigger Event"', 'title="让它发生"']],
  'bpmn-js-token-simulation/lib/features/context-pads/handler/PauseHandler.js': [["${ wait ? 'Remove' : 'Add' } pause point", "${ wait ? '取消' : '在这里' }暂停"]],
  'bpmn-js-token-simulation/lib/features/context-pads/handler/ExclusiveGatewayHandler.js': [['title="Set Sequence Flow"', 'title="换一条线走"']],
  'bpmn-js-token-simulation/lib/features/context-pads/handler/InclusiveGatewayHandler.js': [['title="Set Sequence Flow"', 'title="换一条线走"']],
  'bpmn-js-token-simulation/lib/features/element-support/ElementSupport.js': [["text: 'Found unsupported elements'", "text: '有不能模拟的元素'"], ["text: 'Not supported'", "text: '不能模拟'"]],
  'bpmn-js-token-simulation/lib/features/simulation-state/SimulationState.js': [["text: 'Finished'", "text: '走完了'"]],
  'bpmn-js-token-simulation/lib/features/show-scopes/ShowScopes.js': [['title="Focus process instance ${scope.id}"', 'title="看这一次运行"']],
};

export default function chinese() {
  return {
    name: 'chinese',
    transform(code, id) {
      const file = Object.keys(TEXTS).find((one) => id.split('?')[0].endsWith(one));
      if (!file) return null;
      let changed = code;
      for (const [english, words] of TEXTS[file]) {
        if (!changed.includes(english)) this.error(`the text ${english} is no longer in ${file}`);
        changed = changed.replaceAll(english, words);
      }
      return { code: changed, map: null };
    },
  };
}
