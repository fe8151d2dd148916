Page({ data: { found: '' }, onLoad(query) { this.setData({ found: query.found }) } })
