import { CustomChart, LineChart, ScatterChart, BarChart } from 'echarts/charts'
import { GridComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use, type ECharts } from 'echarts/core'
import { LabelLayout } from 'echarts/features'
import { SVGRenderer } from 'echarts/renderers'

// Loaded only by pages that draw with it.
use([LineChart, CustomChart, ScatterChart, BarChart, GridComponent, TooltipComponent, MarkLineComponent, LabelLayout, SVGRenderer])

export const openChart = (element: HTMLElement): ECharts => init(element, undefined, { renderer: 'svg' })
