import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { miniErrors } from './errors.ts'

/** Daily figures (数据分析): one past day a call, `yyyymmdd` for both dates. */

const shared = {
  line: 'mini-program',
  method: 'POST',
  credential: 'access_token',
  effect: 'read',
  request: z.looseObject({ begin_date: z.string(), end_date: z.string() }),
  errors: { ...miniErrors, '61501': { retry: 'never', en: 'the dates are not one past day' } },
  repeat: 'safe',
  verified: 'reading',
} as const

export const dailySummary = endpoint({
  ...shared,
  name: 'mini-program.figures.daily-summary',
  path: '/datacube/getweanalysisappiddailysummarytrend',
  response: z.looseObject({ list: z.array(z.looseObject({ ref_date: z.string(), visit_total: z.int(), share_pv: z.int(), share_uv: z.int() })) }),
  doc: 'SKIT',
  zh: '获取用户访问小程序数据概况',
})

export const dailyVisits = endpoint({
  ...shared,
  name: 'mini-program.figures.daily-visits',
  path: '/datacube/getweanalysisappiddailyvisittrend',
  response: z.looseObject({
    list: z.array(
      z.looseObject({
        ref_date: z.string(),
        session_cnt: z.int(),
        visit_pv: z.int(),
        visit_uv: z.int(),
        visit_uv_new: z.int(),
        stay_time_uv: z.number(),
        stay_time_session: z.number(),
        visit_depth: z.number(),
      }),
    ),
  }),
  doc: 'SKIT; WXJ WxMaAnalysisService',
  zh: '获取用户访问小程序数据日趋势',
})
