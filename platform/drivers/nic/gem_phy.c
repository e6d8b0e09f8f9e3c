/* SPDX-License-Identifier: BSD-2-Clause */
/* The PHY behind a GEM: IEEE 802.3, clause 22 registers over MDIO. */
#include "gem.h"

#include <arch/cpu.h>

#define PHY_STATUS         1
#define PHY_ID1            2
#define PHY_OURS           4
#define PHY_PARTNER        5
#define PHY_OURS_1000      9
#define PHY_PARTNER_1000   10
#define PHY_ADDRESSES      32
#define STATUS_LINK        BIT(2)
#define STATUS_NEGOTIATED  BIT(5)
#define ABLE_10_FULL       BIT(6)
#define ABLE_100_HALF      BIT(7)
#define ABLE_100_FULL      BIT(8)
#define OURS_1000_FULL     BIT(9)
#define OURS_1000_HALF     BIT(8)
#define PARTNER_1000_SHIFT 2 /* the partner's register has the same bits two places up */

/* 64 bits at some MHz: tens of microseconds. */
static bool wait_idle(struct gem *dev)
{
    for (unsigned i = 0; i < 100000; i++) {
        if (gem_read(dev, GEM_STATUS) & GEM_STATUS_MDIO_IDLE)
            return true;
        arch_relax();
    }
    return false;
}

/* All ones, as from a PHY that is not there, if it does not work. */
static uint16_t phy_read(struct gem *dev, int phy, unsigned reg)
{
    if (!wait_idle(dev))
        return 0xffff;
    gem_write(dev, GEM_PHY, GEM_PHY_READ(phy, reg));
    return wait_idle(dev) ? (uint16_t)gem_read(dev, GEM_PHY) : 0xffff;
}

int gem_phy_find(struct gem *dev)
{
    for (int phy = 0; phy < PHY_ADDRESSES; phy++) {
        uint16_t id = phy_read(dev, phy, PHY_ID1);

        if (id != 0xffff && id != 0)
            return phy;
    }
    return -1;
}

struct gem_link gem_link_resolve(uint16_t status, uint16_t ours, uint16_t partner, uint16_t ours_1000,
                                 uint16_t partner_1000)
{
    uint16_t both = ours & partner, both_1000 = ours_1000 & (uint16_t)(partner_1000 >> PARTNER_1000_SHIFT);

    if (!(status & STATUS_LINK) || !(status & STATUS_NEGOTIATED))
        return (struct gem_link){0};
    if (both_1000 & (OURS_1000_FULL | OURS_1000_HALF))
        return (struct gem_link){true, (both_1000 & OURS_1000_FULL) != 0, 1000};
    if (both & (ABLE_100_FULL | ABLE_100_HALF))
        return (struct gem_link){true, (both & ABLE_100_FULL) != 0, 100};
    return (struct gem_link){true, (both & ABLE_10_FULL) != 0, 10};
}

struct gem_link gem_phy_link(struct gem *dev)
{
    uint16_t status;

    if (dev->phy < 0)
        return (struct gem_link){true, true, 1000};
    /* A link that was lost shows until it is read: once for what was, once for what is. */
    (void)phy_read(dev, dev->phy, PHY_STATUS);
    status = phy_read(dev, dev->phy, PHY_STATUS);
    if (status == 0xffff || !(status & STATUS_LINK))
        return (struct gem_link){0};
    return gem_link_resolve(status, phy_read(dev, dev->phy, PHY_OURS), phy_read(dev, dev->phy, PHY_PARTNER),
                            phy_read(dev, dev->phy, PHY_OURS_1000),
                            phy_read(dev, dev->phy, PHY_PARTNER_1000));
}
