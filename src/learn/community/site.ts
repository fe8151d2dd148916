import { html, type PageSite } from '../../kernel/http/index.ts'
import { accountPages } from './account-pages.ts'
import { articlePages } from './article-pages.ts'
import { assetRoutes } from './assets.ts'
import { authorPages } from './author-pages.ts'
import { conductPages } from './conduct-pages.ts'
import { coursePages } from './course-pages.ts'
import { feedbackPages } from './feedback-pages.ts'
import { feedRoutes } from './feed.ts'
import { homePages } from './home-pages.ts'
import { page } from './layout.ts'
import { bareRoom, type CommunityParts } from './room.ts'
import { shopPages } from './shop-pages.ts'
import { walletPages } from './wallet-pages.ts'

/** All pages of the community, and what they say when something went wrong. */
export function communitySite(parts: CommunityParts): PageSite {
  return {
    block: 'community',
    routes: [
      ...assetRoutes, ...homePages(parts), ...articlePages(parts), ...authorPages(parts), ...accountPages(parts), ...walletPages(parts), ...shopPages(parts), ...conductPages(parts), ...feedbackPages(parts), ...coursePages(parts), ...feedRoutes,
    ],
    async trouble(call, status, zh, en) {
      const room = bareRoom(parts, call)
      const title = status === 404 ? room.t('这里没有东西', 'There is nothing here') : status === 429 ? room.t('慢一点', 'A little slower') : room.t('没能完成', 'Could not be done')
      return page(room, { title, status }, html`<h1>${title}</h1><p>${room.t(zh, en)}</p><p class="acts"><a class="btn plain" href="${room.base}">${room.t('回首页', 'Home')}</a></p>`)
    },
  }
}
