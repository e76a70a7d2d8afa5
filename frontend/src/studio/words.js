// The editors' words: what the translated package lacks, and what the office calls differently.
const DRAWING = {
  'Activate hand tool': '移动画布', 'Activate lasso tool': '框选多个元素', 'Activate create/remove space tool': '拉开或收拢间距', 'Activate global connect tool': '画连线',
  'Add lane above': '在上方加一条泳道', 'Add lane below': '在下方加一条泳道', 'Divide into two lanes': '分成两条泳道', 'Divide into three lanes': '分成三条泳道',
  'Add text annotation': '加一条注释', 'Change element': '换成别的种类', 'Change type': '换成别的种类', 'Connect to other element': '连线到别的元素', 'Connect using association': '关联注释', 'Connect using data input association': '关联数据',
  'Append end event': '接着：结束', 'Append gateway': '接着：分支', 'Append receive task': '接着：等待消息', 'Append message intermediate catch event': '接着：等消息', 'Append timer intermediate catch event': '接着：等到期', 'Append signal intermediate catch event': '接着：等信号',
  'Create expanded sub-process': '子流程（画在里面）', 'Create pool/participant': '流程池', 'Delete': '删除', 'Remove': '删除',
  'Align elements': '对齐', 'Align elements ': '对齐', 'Align elements left': '左对齐', 'Align elements center': '左右居中', 'Align elements right': '右对齐', 'Align elements top': '上对齐', 'Align elements middle': '上下居中', 'Align elements bottom': '下对齐',
  'Distribute elements horizontally': '左右等距', 'Distribute elements vertically': '上下等距', 'Open minimap': '打开缩略图', 'Close minimap': '关闭缩略图', 'Search in diagram': '在图中查找', Search: '查找', 'Toggle non-interrupting': '中断或不中断',
  Task: '步骤（未定种类）', 'User task': '人员办理的步骤', 'Manual task': '线下办理的步骤', 'Service task': '系统自动步骤', 'Business rule task': '按决策表判断', 'Script task': '计算步骤', 'Send task': '发送消息', 'Receive task': '等待消息',
  'Call activity': '转到另一张流程图', 'Sub-process': '子流程', 'Sub-process (collapsed)': '子流程（收起）', 'Sub-process (expanded)': '子流程（展开）', 'Ad-hoc sub-process': '即席子流程', Transaction: '事务子流程', 'Event sub-process': '事件子流程',
  'Exclusive gateway': '分支：只走一条', 'Parallel gateway': '并行：同时走几条', 'Inclusive gateway': '包容：满足的都走', 'Event-based gateway': '等待：先发生的先走', 'Complex gateway': '复杂网关',
  'Start event': '开始', 'End event': '结束', 'Intermediate throw event': '中间点', 'Boundary event': '附着事件', 'Message start event': '收到消息时开始', 'Timer start event': '到时间开始', 'Signal start event': '收到信号时开始',
  'Message intermediate catch event': '等消息', 'Message intermediate throw event': '发消息', 'Timer intermediate catch event': '等到期（计时）', 'Signal intermediate catch event': '等信号', 'Signal intermediate throw event': '发信号', 'Escalation intermediate throw event': '上报',
  'Message end event': '发消息后结束', 'Escalation end event': '上报后结束', 'Error end event': '以差错结束', 'Terminate end event': '立即结束全部分支', 'Signal end event': '发信号后结束',
  'Message boundary event': '收到消息（中断）', 'Timer boundary event': '到期（中断）', 'Escalation boundary event': '收到上报（中断）', 'Error boundary event': '出现差错（中断）', 'Signal boundary event': '收到信号（中断）',
  'Message boundary event (non-interrupting)': '收到消息（不中断）', 'Timer boundary event (non-interrupting)': '到期提醒（不中断）', 'Escalation boundary event (non-interrupting)': '收到上报（不中断）', 'Signal boundary event (non-interrupting)': '收到信号（不中断）',
  'Sequence flow': '普通连线', 'Default flow': '其他情况走这条', 'Conditional flow': '带条件的连线', 'Parallel multi-instance': '多人同时各办一份', 'Sequential multi-instance': '多人依次各办一份', Loop: '循环', Collection: '多项数据', 'Participant multiplicity': '多个参与方',
  'Expanded pool/participant': '展开的流程池', 'Empty pool/participant': '空的流程池', 'Empty pool/participant (removes content)': '空的流程池（内容会删除）', 'Data object reference': '数据', 'Open {element}': '打开{element}',
  'flow elements must be children of pools/participants': '元素要放在流程池的泳道里',
};

const TABLE = {
  'Decision name': '决策名称', 'Decision name: ': '决策名称：', 'Decision name:': '决策名称：', 'Definition ID': '编号', 'Definition name': '名称', 'Element name': '名称', Edit: '修改', 'View DRD': '查看决策图', 'Open decision table': '打开决策表', 'Literal expression': '算式', 'Literal expression editor': '算式',
  'Hit policy': '几条规则同时符合时', 'Hit policy:': '几条规则同时符合时：', Unique: '只能有一条符合', First: '取第一条', Priority: '按优先级', Any: '都一样', Collect: '全部收集', 'Collect (Sum)': '收集求和', 'Collect (Min)': '收集最小', 'Collect (Max)': '收集最大', 'Collect (Count)': '收集计数', 'Rule order': '按规则顺序', 'Output order': '按结果顺序',
  'No overlap is possible and all rules are disjoint. Only a single rule can be matched': '规则互不重叠，只会有一条符合', 'Rules may overlap. The first matching rule will be chosen': '规则可以重叠，取最先符合的一条', 'Rules may overlap. All matching rules result in a list': '规则可以重叠，符合的结果列成清单',
  'Multiple rules can match. The one with the highest output priority is returned.': '可有多条符合，取优先级最高的', 'Rules may overlap but conflicting output values are not allowed': '规则可以重叠，但结果必须相同', 'Collects the values of all satisfied rules and returns a list of values, one for each rule.': '符合的结果列成清单',
  When: '当', And: '并且', Then: '那么', Annotation: '说明', Annotations: '说明', Input: '输入', Output: '结果', 'Input label': '输入的名称', 'Input label: ': '输入的名称：', 'Input expression': '取哪个变量', 'Input expression: ': '取哪个变量：', Expression: '算式', 'Expression:': '算式：', 'Enter expression': '请写变量名', 'Input type': '输入的类型', 'Input values': '可选的输入',
  'Output label': '结果的名称', 'Output label: ': '结果的名称：', 'Output name': '结果变量', 'Output name: ': '结果变量：', 'Output type': '结果的类型', 'Output values': '可选的结果', Type: '类型', Value: '值', Values: '值', name: '名称',
  'Add input': '加一个输入', 'Add output': '加一个结果', 'Add rule': '加一条规则', 'Add rule above': '在上方加规则', 'Add rule below': '在下方加规则', 'Remove rule': '删除规则', 'Copy rule': '复制规则', 'Cut rule': '剪切规则', 'Paste rule above': '粘贴到上方', 'Paste rule below': '粘贴到下方', 'Move rule': '移动规则', 'Move column': '移动列',
  'Add input column left': '在左边加输入列', 'Add input column right': '在右边加输入列', 'Add output column left': '在左边加结果列', 'Add output column right': '在右边加结果列', 'Copy input column': '复制输入列', 'Cut input column': '剪切输入列', 'Paste input column left': '粘贴到左边', 'Paste input column right': '粘贴到右边', 'Remove input column': '删除输入列',
  'Copy output column': '复制结果列', 'Cut output column': '剪切结果列', 'Paste output column left': '粘贴到左边', 'Paste output column right': '粘贴到右边', 'Remove output column': '删除结果列', 'Add cell description': '给单元格加说明', 'Remove cell description': '删除单元格说明', 'Change cell expression language': '改变单元格的写法',
  'Add predefined values': '加可选值', 'Clear predefined values': '清除可选值', 'Predefined values': '可选值', 'Custom values': '自己写的值', 'No values': '没有值', 'Add values': '加几个值', 'Match one': '符合其中一个', 'Match none': '都不符合', Resize: '调整宽度',
  boolean: '是或否', date: '日期', dateTime: '日期和时间', dayTimeDuration: '时长', number: '数字', string: '文字', time: '时间', yearMonthDuration: '年月时长', any: '任意', '-': '不限',
  'Edit boolean': '修改', 'Edit date': '修改日期', 'Edit date and time': '修改日期时间', 'Edit duration': '修改时长', 'Edit number': '修改数字', 'Edit string': '修改文字', 'Edit time': '修改时间', 'Edit input': '修改输入', 'Edit output': '修改结果',
  Comparison: '比较', 'Comparison operator': '比较方式', Range: '范围', Equals: '等于', Less: '小于', 'Less or equals': '小于或等于', Greater: '大于', 'Greater or equals': '大于或等于', Include: '包含', Exclude: '不包含', Yes: '是', No: '否', Between: '之间', Before: '之前', After: '之后', Exactly: '正好',
  'Start value': '起', 'End value': '止', 'Range start operator': '起点', 'Range end operator': '终点', 'Range start value': '从', 'Range end value': '到', 'Set value': '设定值', 'Test type': '判断方式', 'Boolean value': '是或否', 'String value': '文字', 'Strings must be in double quotes': '文字要写在双引号里', '"value"': '"文字"', '"value", "value", ...': '"文字"、"文字"……',
  'Create decision': '新建决策', 'Create input data': '新建输入数据', 'Create knowledge model': '新建知识模型', 'Create knowledge source': '新建依据', 'Append decision': '接着：决策', 'Append input data': '接着：输入数据', 'Append knowledge source': '接着：依据', 'Append business knowledge model': '接着：知识模型', 'Expression language': '写法', 'Expression language:': '写法：', 'Expression language: {expressionLanguageLabel}': '写法：{expressionLanguageLabel}', 'Variable name': '变量', 'Variable name:': '变量：', 'Variable type': '变量类型', 'Variable type:': '变量类型：',
};

export default { ...DRAWING, ...TABLE };
