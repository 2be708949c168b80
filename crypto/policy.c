#include "crypto/policy.h"
