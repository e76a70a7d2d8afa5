"""Org units, people, roles, signing in (组织、人员、角色、登录)."""
