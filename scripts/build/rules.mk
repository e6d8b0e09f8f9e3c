# SPDX-License-Identifier: BSD-2-Clause
# Rebuild exactly what depends on a change. A rule is
#
#   target: prerequisites FORCE
#           $(call build,NAME)
#
# with cmd-NAME the command. It runs when a prerequisite is newer or when the command is not the one that made the
# target, which target.d remembers; post-NAME may print more make rules for target.d.

differs = $(or $(subst x$1,,x$2),$(subst x$2,,x$1))
shell-quote = '$(subst ','\'',$1)'
make-quote  = $(subst \#,\\\#,$(subst $$,$$$$,$1))
# The target goes first, so that a failed command is not mistaken for a success with the new flags.
build = $(if $(or $(filter-out FORCE,$?),$(call differs,$(strip $(cmd-$1)),$(strip $(saved-$@)))),$(call build-now,$1),@:)
define build-now
@printf '  %-7s %s\n' $1 $(patsubst $(O)/%,%,$@)
$(Q)rm -f $@ && mkdir -p $(@D) && $(cmd-$1)
@{ printf '%s\n' $(call shell-quote,saved-$@ := $(call make-quote,$(strip $(cmd-$1)))); $(or $(post-$1),:); } > $@.d
endef

# For commands that compile with -MMD -MF $@.raw.
fixdep = scripts/build/fixdep.sh $@ $@.raw $(O); rm -f $@.raw
