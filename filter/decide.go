package filter

import "cpm/consentload"

// Decide returns the verdict for one identifier in one cell: Permitted, or the first reason that holds. It is pure;
// listed says whether a suppression list of the run holds for it.
func Decide(e consentload.Evidence, listed bool, policy consentload.Policy, asOf consentload.Instant) Reason {
	switch {
	case listed:
		return SuppressionList
	case e.Unreadable:
		return UnreadableConsent
	case e.Shared:
		return SharedIdentifier
	}
	switch e.State {
	case consentload.IsWithdrawn:
		return Withdrawn
	case consentload.IsDenied:
		return Denied
	case consentload.IsPending:
		return Pending
	case consentload.IsGranted:
		return decideGrant(e, asOf)
	case consentload.NoAct:
		if policy.OptOut {
			return Permitted
		}
		return NoConsent
	}
	return Undecided
}

func decideGrant(e consentload.Evidence, asOf consentload.Instant) Reason {
	switch {
	case e.Outdated:
		return NoticeOutdated
	case e.Expires <= asOf:
		return Expired
	}
	return Permitted
}
