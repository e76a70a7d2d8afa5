// Charts beside their tables: the table is what is read out, the picture is for the eye.
import * as echarts from 'echarts/core';
import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

echarts.use([BarChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

const FONT = '"Noto Sans SC","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif';
const COLOURS = ['#13548b', '#d98a00', '#2c8a52', '#9aa7b6'];

function option({ kind, unit, names, series }, narrow) {
  const lying = narrow || names.some((name) => name.length > 6); // long names need their own line
  const categories = { type: 'category', data: names, inverse: lying, axisLabel: { width: lying ? 150 : undefined, overflow: 'truncate', color: '#465462' }, axisTick: { show: false } };
  const values = { type: 'value', name: unit, minInterval: unit === '项' ? 1 : 0, nameTextStyle: { color: '#465462' }, axisLabel: { color: '#465462' }, splitLine: { lineStyle: { color: '#edf1f5' } } };
  return {
    color: COLOURS,
    textStyle: { fontFamily: FONT, fontSize: 14 },
    animation: false,
    grid: { left: 8, right: 40, top: 44, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 10, textStyle: { color: '#1b2733' } },
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' }, renderMode: 'richText', valueFormatter: (value) => `${value} ${unit}` },
    xAxis: lying ? values : categories,
    yAxis: lying ? categories : values,
    series: series.map((one) => ({ type: 'bar', name: one.name, data: one.values, barMaxWidth: 22, stack: kind === 'stack' ? 'all' : undefined })),
  };
}

for (const place of document.querySelectorAll('[data-chart]')) {
  const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const chart = echarts.init(place, null, { renderer: 'svg' });
  const draw = () => {
    chart.resize();
    chart.setOption(option(data, place.clientWidth < 420), true);
  };
  new ResizeObserver(draw).observe(place);
  place.dataset.ready = '1';
}
