Component({ properties: { on: Boolean }, methods: { turn() { this.triggerEvent('turn', { on: !this.data.on }) } } })
